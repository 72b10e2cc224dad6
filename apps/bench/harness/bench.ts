import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Emulator, startEmulator } from '@andamio/testing/emulator';

/** Folder of the built service. */
export const builtService = fileURLToPath(new URL('../../api/dist', import.meta.url));

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
interface BenchOptions {
  /** Folder that contains `main.js` of the service. Default: {@link builtService}. */
  readonly service?: string;
  /** Sends a tenth of the requests. */
  readonly quick: boolean;
  readonly needsEmulator: boolean;
}

/**
 * Runs a task with the resources that it needs. Releases the resources after the task.
 *
 * @throws if the service is not built, or the emulator does not start.
 */
export async function withBench<Result>(
  { service = builtService, quick, needsEmulator }: BenchOptions,
  task: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(join(service, 'main.js')))
    throw new Error(`${service} has no built service. Build it first: npx -y pnpm@12 build`);
  const folder = await mkdtemp(join(tmpdir(), 'andamio-bench-'));
  let emulator: Emulator | undefined;
  try {
    if (needsEmulator) emulator = await startEmulator();
    await cp(service, join(folder, 'service'), { recursive: true });
    return await task({
      folder,
      service: join(folder, 'service', 'main.js'),
      emulatorHost: emulator?.host ?? '',
      amount: (requests) => (quick ? requests / 10 : requests),
    });
  } finally {
    await emulator?.stop();
    await rm(folder, { recursive: true });
  }
}
