import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSequencerConstructor, type TestSpecification } from 'vitest/node';

/**
 * Returns a sequencer for Vitest that starts the given test files first, in this order. By default,
 * Vitest starts large files first if it has not run them before, as in CI. A small file that takes
 * long would start last, and run while the other workers have nothing left to do.
 *
 * @param slowest the paths of the slowest test files, relative to the folder of the Vitest
 *   configuration. If a file does not exist, the run fails.
 */
export function slowestFirst(slowest: readonly string[]): TestSequencerConstructor {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const paths = slowest.map((path) => join(this.ctx.config.root, path));
      const missing = paths.filter((path) => !existsSync(path));
      if (missing.length > 0)
        throw new Error(
          `The list of slow test files in vitest.config.ts names files that do not exist: ${missing.join(', ')}.`,
        );
      const ranks = new Map(paths.map((path, rank) => [path, rank]));
      const rankOf = ({ moduleId }: TestSpecification) => ranks.get(moduleId) ?? paths.length;
      return (await super.sort(files)).toSorted((one, other) => rankOf(one) - rankOf(other));
    }
  };
}
