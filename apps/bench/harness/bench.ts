import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, missingForEmulator, startEmulator } from '@andamio/testing/emulator';
import type { Options } from './options.ts';

/** Resources shared by all comparisons of a run. */
export interface Bench {
  /** A temporary folder that is removed after the run. */
  readonly folder: string;
  /**
   * Path of `main.js` in a copy of the built service. The copy is unaffected if the service is
   * built again during the run.
   */
  readonly service: string;
  /** `HOST:PORT` of the Firestore emulator. Empty if no comparison needs the emulator. */
  readonly emulatorHost: string;
  /**
   * Returns the number of requests to send per round: the given number, or a tenth of it with
   * `--quick`.
   */
  amount(requests: number): number;
}

/** The properties of a run that determine its {@link Bench}. */
interface BenchOptions extends Pick<Options, 'service' | 'quick'> {
  readonly needsEmulator: boolean;
}

async function emulatorFor({ needsEmulator }: BenchOptions): Promise<Emulator | undefined> {
  if (!needsEmulator) return undefined;
  const missing = missingForEmulator();
  if (missing !== undefined)
    throw new Error(`Firestore's emulator needs ${missing}. Select other comparisons with --only.`);
  return startEmulator();
}

/** Runs a task with the resources that it needs. Releases the resources after the task. */
export async function withBench<Result>(
  options: BenchOptions,
  task: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'andamio-bench-'));
  const emulator = await emulatorFor(options);
  try {
    await cp(options.service, join(folder, 'service'), { recursive: true });
    return await task({
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
