import { startEmulator } from '@andamio/testing/emulator';
import { findAvailable } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';
import { type Requirement, requirements } from './requirements.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The optional tools that this machine has. */
    available: readonly Requirement[];
    /**
     * Address of the Firestore emulator that all tests share, as `host:port`. Undefined if this
     * machine cannot run the emulator.
     */
    emulatorHost: string | undefined;
  }
}

/** Looks for the optional tools, and starts one Firestore emulator for all tests of a run. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable(requirements);
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
