import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { withoutTools } from './shared.ts';

const api = 'apps/api/test';

const include = [
  'packages/testing/test/decisions.test.ts',
  'packages/keys/src/*.test.ts',
  'packages/testing/test/memory-store.test.ts',
  `${api}/{delete/delete,rotate/rotate,roll/roll,idempotency/idempotency}.test.ts`,
];

/**
 * Runs the tests of the decisions before the slower ones that send requests. A mutant's run ends
 * with the first test that fails.
 */
class FastestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isSlow = ({ moduleId }: TestSpecification) => Number(moduleId.includes(api));
    return files.toSorted((one, other) => isSlow(one) - isSlow(other));
  }
}

/**
 * The tests that `pnpm mutation` runs against mutants of the decisions: the contract suite against
 * the in-memory store, and tests that send requests.
 */
export default defineConfig({
  test: {
    ...withoutTools,
    include,
    sequence: { sequencer: FastestFirst },
  },
});
