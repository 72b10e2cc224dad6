import type { TestProject } from 'vitest/node';
import { missingForEmulator, startEmulator } from '../../../../apps/api/test/harness/emulator.ts';
import { missingForEnvoy, missingForNginx } from './requirements.ts';

/**
 * Optional requirements of tests. Each function returns a description of the missing software, or
 * undefined. Tests are skipped only for a missing requirement.
 */
const requirements = {
  emulator: missingForEmulator,
  nginx: missingForNginx,
  envoy: missingForEnvoy,
} as const;

type Requirement = keyof typeof requirements;

declare module 'vitest' {
  export interface ProvidedContext {
    /** The requirements that this machine fulfills. */
    available: readonly Requirement[];
    /** `HOST:PORT` of the shared emulator, or undefined if this machine cannot run one. */
    emulatorHost: string | undefined;
  }
}

/**
 * Returns the requirements that this machine fulfills. Prints one line for each missing
 * requirement.
 *
 * @throws if a requirement is missing and REQUIRE_ALL_TESTS is set.
 */
function findAvailable(): readonly Requirement[] {
  const missing = Object.entries(requirements).map(([name, find]) => ({
    name: name as Requirement,
    lack: find(),
  }));
  const lines = missing.flatMap(({ name, lack }) =>
    lack ? [`Tests with ${name} are skipped: they need ${lack}.`] : [],
  );
  if (lines.length > 0 && process.env['REQUIRE_ALL_TESTS']) throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\n`);
  return missing.filter(({ lack }) => lack === undefined).map(({ name }) => name);
}

/** Checks the requirements and starts one emulator that all tests of the run share. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable();
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
