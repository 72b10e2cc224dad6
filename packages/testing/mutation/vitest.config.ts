import { defineConfig } from 'vitest/config';

const api = 'apps/api/test';

/**
 * The tests that `pnpm mutation` runs against mutants of the decisions and of the pipeline. Only
 * fast tests are included: the contract suite against the in-memory store, and tests that send
 * requests to a service in the same process.
 */
export default defineConfig({
  test: {
    include: [
      'packages/testing/test/{decisions,memory-store}.test.ts',
      `${api}/http/{answers,headers,suspended}.test.ts`,
      `${api}/limits/{rate,headers}.test.ts`,
      `${api}/request/4*.test.ts`,
    ],
    provide: { available: [], emulatorHost: undefined },
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
