import { defineConfig } from 'vitest/config';

const api = 'apps/api/test';

/**
 * The tests that `pnpm mutation` runs against mutants of the pipeline: fast tests that send requests
 * to a service in the same process.
 */
export default defineConfig({
  test: {
    include: [
      `${api}/http/{pipeline,answers,headers,suspended}.test.ts`,
      `${api}/limits/{rate,headers}.test.ts`,
      `${api}/request/4*.test.ts`,
      `${api}/verify/{200,401,429}.test.ts`,
    ],
    provide: { available: [], emulatorHost: undefined },
    isolate: false,
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
