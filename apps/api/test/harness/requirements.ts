import { spawnSync } from 'node:child_process';
import { missingForBrowser } from './browser.ts';
import { missingForClock } from './clock.ts';
import { missingForEmulator } from './emulator.ts';
import { missingForMono } from './mono.ts';
import { missingForRedis } from './redis.ts';

/** Reports whether a command succeeds on this machine. */
function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const unless = (found: boolean, missing: string) => (found ? undefined : missing);

/**
 * Checks for the optional tools that some tests need. Each check returns a description of what is
 * missing, or undefined. Tests are skipped only for missing tools.
 */
const requirements = {
  emulator: missingForEmulator,
  redis: missingForRedis,
  chromium: missingForBrowser,
  faketime: missingForClock,
  curl: () => unless(works('curl', '--version'), 'curl'),
  go: () => unless(works('go', 'version'), 'Go'),
  java: () => unless(works('java', '--version'), 'Java 17 or newer'),
  csharp: missingForMono,
  schemathesis: () => unless(works('schemathesis', '--version'), 'schemathesis'),
  python: () => unless(works('python3', '-c', 'import requests'), 'Python 3 with requests'),
} as const satisfies Record<string, () => string | undefined>;

export type Requirement = keyof typeof requirements;

/**
 * Returns the requirements that this machine meets. Reports each missing requirement on standard
 * error.
 *
 * @throws if a requirement is missing and REQUIRE_ALL_TESTS is set
 */
export function findAvailable(): readonly Requirement[] {
  const checks = Object.entries(requirements).map(([name, check]) => ({
    name: name as Requirement,
    missing: check(),
  }));
  const lines = checks.flatMap(({ name, missing }) =>
    missing ? [`Tests with ${name} are skipped: they need ${missing}.`] : [],
  );
  if (lines.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\n`);
  return checks.filter(({ missing }) => missing === undefined).map(({ name }) => name);
}
