import type { TestProject } from 'vitest/node';
import { missingForEmulator, startEmulator } from './emulator.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of an emulator that all tests share; undefined where the machine lacks what it needs. */
    emulatorHost: string | undefined;
  }
}

/** One emulator for all tests of a run. Missing software is said in one line, and is an error where all tests must run. */
export default async function setup({ provide }: TestProject) {
  const missing = missingForEmulator();
  if (missing !== undefined) {
    const message = `Tests on Firestore are skipped: its emulator needs ${missing}.`;
    if (process.env['REQUIRE_ALL_TESTS']) throw new Error(message);
    process.stderr.write(`${message}\n`);
    provide('emulatorHost', undefined);
    return;
  }
  const emulator = await startEmulator();
  provide('emulatorHost', emulator.host);
  return () => emulator.stop();
}
