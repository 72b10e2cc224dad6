import { spawn, spawnSync } from 'node:child_process';
import { freePort } from './free-port.ts';
import { works } from './requirements.ts';
import { waitFor } from './wait-for.ts';

/**
 * Returns the missing software that the Firestore emulator needs, or undefined if none is missing.
 */
export function missingForEmulator(): string | undefined {
  if (!works('java', '-version')) return 'Java 17 or newer';
  // Each start of gcloud takes a second of processor time, so there is only one.
  const { status, stdout } = spawnSync(
    'gcloud',
    ['components', 'list', '--only-local-state', '--format=value(id)'],
    { encoding: 'utf8' },
  );
  if (status !== 0) return 'the Google Cloud CLI';
  return stdout.includes('cloud-firestore-emulator')
    ? undefined
    : 'gcloud components install cloud-firestore-emulator';
}

/** A running Firestore emulator. */
export interface Emulator {
  /** Value for FIRESTORE_EMULATOR_HOST, in the form `host:port`. */
  readonly host: string;
  readonly port: number;
  /**
   * Sends a signal to all processes of the emulator. SIGSTOP makes the emulator hang, and SIGKILL
   * ends it.
   */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/**
 * Starts an emulator and resolves when it responds.
 *
 * @param port the port to listen on. The default is a free port.
 * @throws if the emulator exits, for example because another program took the port, or does not
 *   respond within 90 seconds. The error contains the emulator's output.
 */
export async function startEmulator(port?: number): Promise<Emulator> {
  const chosen = port ?? (await freePort());
  const host = `127.0.0.1:${chosen}`;
  const child = spawn(
    'gcloud',
    ['emulators', 'firestore', 'start', `--host-port=${host}`, '--quiet'],
    {
      detached: true, // Creates a process group, since gcloud starts Java through a shell.
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 10_000) output += text;
    });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const signal = (name: NodeJS.Signals) => {
    process.kill(-(child.pid as number), name);
  };
  const responds = async () => {
    if (hasExited()) throw new Error('The emulator exited.');
    // Without a timeout, a request that the emulator accepts but never answers would wait forever.
    return fetch(`http://${host}/`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await waitFor('the emulator to respond', responds, 90).catch((error: unknown) => {
    if (!hasExited()) signal('SIGKILL');
    throw new Error(`The emulator on port ${chosen} did not start:\n${output}`, { cause: error });
  });
  return {
    host,
    port: chosen,
    signal,
    async stop() {
      if (!hasExited()) signal('SIGKILL');
      await exited;
    },
  };
}
