import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, missingForEmulator, startEmulator } from '../../api/test/harness/emulator.ts';
import type { Options } from './options.ts';

/** Resources that all comparisons of a run share. */
export interface Bench {
  /** A temporary folder, removed after the run. */
  readonly folder: string;
  /** `main.js` of a copy of the built service, so that a build during the run changes nothing. */
  readonly service: string;
  /** `host:port` of Firestore's emulator; empty unless a comparison needs it. */
  readonly emulatorHost: string;
  /** Returns how many of the requests a round sends: all of them, or a tenth with `--quick`. */
  amount(requests: number): number;
}

async function emulatorFor({ comparisons }: Options): Promise<Emulator | undefined> {
  if (!comparisons.some(({ needsEmulator }) => needsEmulator)) return undefined;
  const missing = missingForEmulator();
  if (missing !== undefined)
    throw new Error(`Firestore's emulator needs ${missing}. Select other comparisons with --only.`);
  return startEmulator();
}

/** Runs the task with the resources that its comparisons need, and releases them afterwards. */
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
