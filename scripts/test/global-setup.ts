import { findAvailable, works } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly available: readonly 'a terminal'[];
  }
}

export default function setUp({ provide }: TestProject): void {
  const available = findAvailable({
    // The options of util-linux; the program of BSD and macOS has others.
    'a terminal': () =>
      works('script', '-qefc', 'true', '/dev/null') ? undefined : 'script of util-linux',
  });
  provide('available', available);
}
