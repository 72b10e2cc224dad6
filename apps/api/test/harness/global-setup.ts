import type { TestProject } from 'vitest/node';
import { startEmulator } from './emulator.ts';
import { findAvailable, type Requirement } from './requirements.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What this machine has of what some tests need. */
    available: readonly Requirement[];
    /** `host:port` of an emulator that all tests share; undefined where the machine lacks what it needs. */
    emulatorHost: string | undefined;
  }
}

/** Looks at what the machine has, and starts one emulator for all tests of a run. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable();
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
