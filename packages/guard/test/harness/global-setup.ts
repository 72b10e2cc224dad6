import { missingForEmulator, startEmulator } from '@andamio/testing/emulator';
import { findAvailable } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';
import { missingForEnvoy, missingForNginx } from './requirements.ts';

/** Checks for the optional tools that some tests of the guard need. */
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

/** Checks the requirements and starts one emulator that all tests of the run share. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable(requirements);
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
