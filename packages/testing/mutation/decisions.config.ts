import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const api = 'apps/api/test';

/** The files in the order in which they run. A mutant's run ends with the first test that fails. */
const include = [
  'packages/testing/test/decisions.test.ts',
  'packages/keys/src/*.test.ts',
  'packages/testing/test/memory-store.test.ts',
  `${api}/{delete/delete,rotate/rotate,roll/roll,idempotency/idempotency}.test.ts`,
];

/** Runs the tests of the decisions before the slower ones that send requests. */
class FastestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isSlow = ({ moduleId }: TestSpecification) => Number(moduleId.includes(api));
    return files.toSorted((one, other) => isSlow(one) - isSlow(other));
  }
}

/**
 * The tests that `pnpm mutation` runs against mutants of the decisions. Only fast tests are
 * included: the contract suite against the in-memory store, and tests that send requests to a
 * service in the same process.
 */
export default defineConfig({
  test: {
    include,
    provide: { available: [], emulatorHost: undefined },
    // Importing the service takes longer than most tests.
    isolate: false,
    sequence: { sequencer: FastestFirst },
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
