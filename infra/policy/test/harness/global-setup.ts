import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** True if Pulumi's engine is installed. */
    hasEngine: boolean;
  }
}

/**
 * Looks for the tools that some tests need beside Node.js. Each missing tool is reported in one
 * line.
 *
 * @throws if one is missing although all tests must run (REQUIRE_ALL_TESTS).
 */
export default function setup({ provide }: TestProject) {
  const hasEngine = spawnSync('pulumi', ['version'], { stdio: 'ignore' }).status === 0;
  provide('hasEngine', hasEngine);
  if (hasEngine) return;
  const lack = 'Tests with the engine are skipped: they need Pulumi (https://www.pulumi.com/docs/install).';
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(lack);
  process.stderr.write(`${lack}\n`);
}
