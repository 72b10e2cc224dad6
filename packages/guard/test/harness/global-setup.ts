import { missingForEmulator, startEmulator } from '@andamio/testing/emulator';
import { missingForRedis } from '@andamio/testing/redis';
import { findAvailable, missingForBun, missingForDeno } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';
import {
  missingForCaddy,
  missingForEnvoy,
  missingForGo,
  missingForNginx,
  missingForPython,
  missingForTraefik,
} from './requirements.ts';

/**
 * The optional tools that some tests of the guard need. Each function returns a description of what
 * is missing, or undefined if the tool is available.
 */
const requirements = {
  emulator: missingForEmulator,
  nginx: missingForNginx,
  envoy: missingForEnvoy,
  traefik: missingForTraefik,
  python: missingForPython,
  go: missingForGo,
  deno: missingForDeno,
  bun: missingForBun,
  caddy: missingForCaddy,
  redis: missingForRedis,
} as const;

type Requirement = keyof typeof requirements;

declare module 'vitest' {
  export interface ProvidedContext {
    /** The optional tools that this machine has. */
    available: readonly Requirement[];
    /** `HOST:PORT` of the shared emulator, or undefined if this machine cannot run one. */
    emulatorHost: string | undefined;
  }
}

/** Looks for the optional tools and starts one emulator that all tests of the run share. */
export default async function setup({ provide }: TestProject) {
  const available = findAvailable(requirements);
  provide('available', available);
  const emulator = available.includes('emulator') ? await startEmulator() : undefined;
  provide('emulatorHost', emulator?.host);
  return () => emulator?.stop();
}
