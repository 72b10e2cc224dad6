import { missingForBrowser } from '@andamio/testing/browser';
import { missingForEmulator } from '@andamio/testing/emulator';
import { missingForRedis } from '@andamio/testing/redis';
import { works } from '@andamio/testing/requirements';
import { missingForClock } from './clock.ts';
import { missingForMono } from './mono.ts';

const unless = (found: boolean, missing: string) => (found ? undefined : missing);

/**
 * The optional tools that some tests of the service need. Each function returns a description of
 * what is missing, or undefined if the tool is available.
 */
export const requirements = {
  emulator: missingForEmulator,
  redis: missingForRedis,
  chromium: missingForBrowser,
  faketime: missingForClock,
  curl: () => unless(works('curl', '--version'), 'curl'),
  go: () => unless(works('go', 'version'), 'Go'),
  java: () => unless(works('java', '--version'), 'Java 17 or newer'),
  csharp: missingForMono,
  schemathesis: () => unless(works('schemathesis', '--version'), 'schemathesis'),
  python: () => unless(works('python3', '-c', 'import requests'), 'Python 3 with requests'),
} as const satisfies Record<string, () => string | undefined>;

export type Requirement = keyof typeof requirements;
