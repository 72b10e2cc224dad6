import { findAvailable, works } from '@andamio/testing/requirements';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly available: readonly 'a terminal'[];
  }
}

export default function setUp({ provide }: TestProject): void {
  const available = findAvailable({
    // These options exist in util-linux. The `script` of BSD and macOS has other options.
    'a terminal': () =>
      works('script', '-qefc', 'true', '/dev/null') ? undefined : 'script of util-linux',
  });
  provide('available', available);
}
