import { spawnSync } from 'node:child_process';
import { missingForBrowser } from './browser.ts';
import { missingForClock } from './clock.ts';
import { missingForEmulator } from './emulator.ts';
import { missingForMono } from './mono.ts';
import { missingForRedis } from './redis.ts';

/** Says whether a program is on this machine and does what it is asked. */
function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const otherwise = (found: boolean, missing: string) => (found ? undefined : missing);

/** What some tests need beside Node, by name: what is missing in words, or undefined. Nothing else is ever skipped. */
const requirements = {
  emulator: missingForEmulator,
  redis: missingForRedis,
  chromium: missingForBrowser,
  faketime: missingForClock,
  curl: () => otherwise(works('curl', '--version'), 'curl'),
  go: () => otherwise(works('go', 'version'), 'Go'),
  java: () => otherwise(works('java', '--version'), 'Java 17 or newer'),
  csharp: missingForMono,
  schemathesis: () => otherwise(works('schemathesis', '--version'), 'schemathesis'),
  python: () => otherwise(works('python3', '-c', 'import requests'), 'Python 3 with requests'),
} as const satisfies Record<string, () => string | undefined>;

export type Requirement = keyof typeof requirements;

/**
 * Finds out what this machine lacks. Each lack is said in one line.
 *
 * @throws where all tests must run (REQUIRE_ALL_TESTS) and anything is missing.
 */
export function findAvailable(): readonly Requirement[] {
  const missing = Object.entries(requirements).map(([name, find]) => ({ name: name as Requirement, lack: find() }));
  const lines = missing.flatMap(({ name, lack }) =>
    lack ? [`Tests with ${name} are skipped: they need ${lack}.`] : [],
  );
  if (lines.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\n`);
  return missing.filter(({ lack }) => lack === undefined).map(({ name }) => name);
}
