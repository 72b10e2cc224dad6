import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether this machine has Pulumi's engine. */
    hasEngine: boolean;
  }
}

/**
 * Looks for what some tests need beside Node. A lack is said in one line.
 *
 * @throws where all tests must run (REQUIRE_ALL_TESTS) and it is missing.
 */
export default function setup({ provide }: TestProject) {
  const hasEngine = spawnSync('pulumi', ['version'], { stdio: 'ignore' }).status === 0;
  provide('hasEngine', hasEngine);
  if (hasEngine) return;
  const lack = 'Tests with the engine are skipped: they need Pulumi (https://www.pulumi.com/docs/install).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(lack);
  process.stderr.write(`${lack}\n`);
}
