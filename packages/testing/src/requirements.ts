import { spawnSync } from 'node:child_process';

/** Reports whether a command succeeds on this machine. */
export function works(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Returns the missing software that tests in Deno need, or undefined if none is missing. */
export const missingForDeno = () =>
  works('deno', '--version') ? undefined : 'deno (npm install --global deno)';

/** Returns the missing software that tests in Bun need, or undefined if none is missing. */
export const missingForBun = () =>
  works('bun', '--version') ? undefined : 'bun (npm install --global bun)';

/**
 * Runs the checks for optional tools that some tests need. Each check returns a description of what
 * is missing, or undefined. Missing tools are reported on standard error.
 *
 * @returns the names of the checks that found their tool
 * @throws if a tool is missing and REQUIRE_ALL_TESTS is set
 */
export function findAvailable<Name extends string>(
  checks: Readonly<Record<Name, () => string | undefined>>,
): readonly Name[] {
  const results = (Object.keys(checks) as Name[]).map((name) => ({
    name,
    missing: checks[name](),
  }));
  const lines = results.flatMap(({ name, missing }) =>
    missing ? [`Tests with ${name} are skipped: they need ${missing}.`] : [],
  );
  if (lines.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\n`);
  return results.filter(({ missing }) => missing === undefined).map(({ name }) => name);
}
