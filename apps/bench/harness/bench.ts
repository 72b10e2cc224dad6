import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, missingForEmulator, startEmulator } from '../../api/test/harness/emulator.ts';
import type { Options } from './options.ts';

/** What all comparisons of a run share. */
export interface Bench {
  /** A folder of this run alone. */
  readonly folder: string;
  /** `main.js` of a copy of the built service: a build meanwhile does not change what is measured. */
  readonly service: string;
  /** `host:port` of Firestore's emulator; there for comparisons that need it. */
  readonly emulatorHost: string;
  /** How many of these requests a round sends: all of them, or a tenth with `--quick`. */
  amount(requests: number): number;
}

async function emulatorFor({ comparisons }: Options): Promise<Emulator | undefined> {
  if (!comparisons.some(({ needsEmulator }) => needsEmulator)) return undefined;
  const missing = missingForEmulator();
  if (missing !== undefined) throw new Error(`Firestore's emulator needs ${missing}; --only leaves out what needs it.`);
  return startEmulator();
}

/** Runs the task with what it needs, and removes that when it has ended. */
export async function withBench(options: Options, task: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-bench-'));
  const emulator = await emulatorFor(options);
  try {
    await cp(options.service, join(folder, 'service'), { recursive: true });
    await task({
      folder,
      service: join(folder, 'service', 'main.js'),
      emulatorHost: emulator?.host ?? '',
      amount: (requests) => (options.quick ? requests / 10 : requests),
    });
  } finally {
    await emulator?.stop();
    await rm(folder, { recursive: true });
  }
}
