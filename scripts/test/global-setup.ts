import { findAvailable, works } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly available: readonly 'a terminal'[];
  }
}

export default function setUp({ provide }: TestProject): void {
  const available = findAvailable({
    // These are the options of util-linux; the program `script` of BSD and macOS has other options.
    'a terminal': () =>
      works('script', '-qefc', 'true', '/dev/null') ? undefined : 'script of util-linux',
  });
  provide('available', available);
}
