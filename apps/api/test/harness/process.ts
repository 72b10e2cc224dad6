import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jwtSecret } from './tokens.ts';
import { waitFor } from './wait-for.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The secret settings of the services that tests start; the pepper's text is recognisable where it must not appear. */
export const processPepper = Buffer.alloc(32, 'the pepper of the tests').toString('base64');

export interface TestProcess {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Its working directory, made for it. */
  readonly folder: string;
  /** All that it has printed so far, standard output and standard error together. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts the built service without waiting for it, in an empty folder, with these variables and no others of its own. */
export function spawnService(environment: Readonly<Record<string, string | undefined>>, folder?: string) {
  const cwd = folder ?? mkdtempSync(join(tmpdir(), 'andamio-api-'));
  const child = spawn(process.execPath, [main], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    pid: child.pid as number,
    folder: cwd,
    output: () => output,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    exited,
  };
}

/** Starts the built service and resolves once it listens; the test ends it. */
export async function startProcess(
  environment: Readonly<Record<string, string | undefined>> = {},
  folder?: string,
): Promise<TestProcess> {
  const service = spawnService(
    {
      PORT: '0',
      JWT_SECRETS: jwtSecret,
      KEY_PEPPERS: `test:${processPepper}`,
      IP_RATE_LIMIT_PER_MINUTE: '1000000',
      ...environment,
    },
    folder,
  );
  let ended = false;
  void service.exited.then(() => (ended = true));
  const listening = () => /"port":(\d+).*"message":"listening"/.exec(service.output())?.[1];
  const isListening = () => {
    if (ended) throw new Error(`The service ended before it listened:\n${service.output()}`);
    return listening() !== undefined;
  };
  await waitFor('the service to listen', isListening).catch((error: unknown) => {
    service.signal('SIGKILL');
    throw error;
  });
  const port = Number(listening());
  return { ...service, port, url: `http://127.0.0.1:${port}` };
}

/** Waits until the store of a service answers: a busy machine takes longer to connect than a request may take. */
export function untilReady({ url }: Pick<TestProcess, 'url'>): Promise<void> {
  return waitFor('the store to answer', async () => (await fetch(`${url}/health/ready`)).status === 200, 60);
}
