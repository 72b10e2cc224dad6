import type { TestProject } from 'vitest/node';
import { startEmulator } from './emulator.ts';
import { findAvailable, type Requirement } from './requirements.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The optional requirements that this machine meets. */
    available: readonly Requirement[];
    /**
     * `host:port` of the emulator that all tests share, or undefined if the machine cannot run it.
     */
    emulatorHost: string | undefined;
  }
}

/** Checks the machine's requirements, and starts one emulator for all tests of a run. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable();
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
