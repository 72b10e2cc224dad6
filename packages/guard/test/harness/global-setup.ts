import type { TestProject } from 'vitest/node';
import { missingForEmulator, startEmulator } from '../../../../apps/api/test/harness/emulator.ts';
import { missingForEnvoy, missingForNginx } from './requirements.ts';

/** What some tests need beside Node, by name: what is missing in words, or undefined. Nothing else is ever skipped. */
const requirements = { emulator: missingForEmulator, nginx: missingForNginx, envoy: missingForEnvoy } as const;

type Requirement = keyof typeof requirements;

declare module 'vitest' {
  export interface ProvidedContext {
    /** What this machine has of what some tests need. */
    available: readonly Requirement[];
    /** `host:port` of an emulator that all tests share; undefined where the machine lacks what it needs. */
    emulatorHost: string | undefined;
  }
}

/**
 * Finds out what this machine lacks. Each lack is said in one line.
 *
 * @throws where all tests must run (REQUIRE_ALL_TESTS) and anything is missing.
 */
function findAvailable(): readonly Requirement[] {
  const missing = Object.entries(requirements).map(([name, find]) => ({ name: name as Requirement, lack: find() }));
  const lines = missing.flatMap(({ name, lack }) =>
    lack ? [`Tests with ${name} are skipped: they need ${lack}.`] : [],
  );
  if (lines.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\n`);
  return missing.filter(({ lack }) => lack === undefined).map(({ name }) => name);
}

/** Looks at what the machine has, and starts one emulator for all tests of a run. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable();
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
