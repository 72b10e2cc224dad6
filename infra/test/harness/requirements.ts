import { spawnSync } from 'node:child_process';

const line =
  'Tests with the Pulumi engine are skipped: they need the Pulumi CLI on PATH (https://www.pulumi.com/docs/install/).';

/** Says whether the Pulumi CLI is on this machine; where it is not, and all tests must run, that is an error. */
function findEngine(): boolean {
  if (spawnSync('pulumi', ['version'], { stdio: 'ignore' }).status === 0) return true;
  if (process.env['REQUIRE_ALL_TESTS']) throw new Error(line);
  return false;
}

export const engineIsHere = findEngine();

/** Says once a run what is skipped (vitest's globalSetup). */
export default function setup(): void {
  if (!engineIsHere) process.stderr.write(`${line}\n`);
}
