import type { TestProject } from 'vitest/node';
import { missingForEmulator, startEmulator } from '../../../../apps/api/test/harness/emulator.ts';
import { missingForEnvoy, missingForNginx } from './requirements.ts';

/**
 * Optional requirements of tests. Each function returns a description of what is missing, or
 * undefined. No other tests are skipped.
 */
const requirements = { emulator: missingForEmulator, nginx: missingForNginx, envoy: missingForEnvoy } as const;

type Requirement = keyof typeof requirements;

declare module 'vitest' {
  export interface ProvidedContext {
    /** The requirements that this machine meets. */
    available: readonly Requirement[];
    /** `host:port` of the shared emulator, or undefined if the machine cannot run one. */
    emulatorHost: string | undefined;
  }
}

/**
 * Returns the requirements that this machine meets, and prints a line for each missing one.
 *
 * @throws if a requirement is missing and all tests must run (REQUIRE_ALL_TESTS).
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

/** Checks the requirements and starts one emulator for all tests of the run. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable();
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
