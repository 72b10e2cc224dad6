import { globSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const library = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

/** What is missing for a clock that a test sets, in words, or undefined when nothing is. */
export const missingForClock = () => (library === undefined ? 'libfaketime (Debian package faketime)' : undefined);

/** The time of day of processes that a test starts: as an operator or an NTP daemon sets it, under a running process. */
export interface ProcessClock {
  /** Variables that a process is started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the time of day so many seconds away from the machine's. The monotonic clock goes on. */
  set(seconds: number): void;
}

/** Creates a clock that shows the machine's time until it is set (https://github.com/wolfcw/libfaketime). */
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
