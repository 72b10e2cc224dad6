import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** True if Pulumi's engine is installed. */
    hasEngine: boolean;
  }
}

/**
 * Checks whether the Pulumi CLI is installed, and reports in one line if it is not. Tests that need
 * it are then skipped.
 *
 * @throws if the CLI is missing and REQUIRE_ALL_TESTS is set
 */
export default function setup({ provide }: TestProject) {
  const hasEngine = spawnSync('pulumi', ['version'], { stdio: 'ignore' }).status === 0;
  provide('hasEngine', hasEngine);
  if (hasEngine) return;
  const lack =
    'Tests with the engine are skipped: they need Pulumi (https://www.pulumi.com/docs/install).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(lack);
  process.stderr.write(`${lack}\n`);
}
