import { globSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const library = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

/** Returns the software that is missing for {@link processClock}, or undefined. */
export const missingForClock = () =>
  library === undefined ? 'libfaketime (Debian package faketime)' : undefined;

/** A wall clock that a test sets while a process uses it, as an operator or NTP would. */
export interface ProcessClock {
  /** Environment variables that make a process use this clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock's offset from the machine's time. The monotonic clock is not affected. */
  set(seconds: number): void;
}

/**
 * Creates a clock that shows the machine's time until it is set
 * (https://github.com/wolfcw/libfaketime).
 */
export function processClock(): ProcessClock {
  const file = join(mkdtempSync(join(tmpdir(), 'clock-')), 'offset');
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  set(0);
  return {
    environment: {
      LD_PRELOAD: library as string,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    set,
  };
}
