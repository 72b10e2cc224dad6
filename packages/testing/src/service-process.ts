import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LogEvent, logEvents } from '@andamio/schema/log-events';
import { jwtSecret } from './tokens.ts';
import { waitFor } from './wait-for.ts';

/**
 * Path of the built service. Turbo builds the service before the tests that start it: each package
 * with such tests has @andamio/api as a development dependency. The client cannot have this
 * dependency, which would be a cycle, so its turbo.json makes its tests depend on the build.
 */
const main = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));

/**
 * The pepper of the services under test. If a service leaks the pepper, its text is recognizable in
 * the output.
 */
export const processPepper = Buffer.alloc(32, 'the pepper of the tests').toString('base64');

/** Matches the line that the service logs when it accepts connections. Captures the port. */
export const listeningLine = new RegExp(
  `"port":(\\d+).*"message":"${logEvents.listening.message}"`,
);

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TestProcess {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Working directory of the process. */
  readonly folder: string;
  /** Returns all output so far, with standard output and standard error interleaved. */
  output(): string;
  /**
   * Returns the fields of the first complete log line of an event, or undefined if there is none.
   */
  logged(event: LogEvent): Readonly<Record<string, unknown>> | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and resolves when the process has exited. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** Resolves when the process exits. */
  readonly exited: Promise<Exit>;
}

/**
 * Starts the built service without waiting until it listens. The default working directory is a new
 * empty folder. The service inherits only PATH and HOME from this process.
 */
export function spawnService(
  environment: Readonly<Record<string, string | undefined>>,
  folder?: string,
) {
  const cwd = folder ?? mkdtempSync(join(tmpdir(), 'andamio-api-'));
  const child = spawn(process.execPath, [main], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    pid: child.pid as number,
    folder: cwd,
    output: () => output,
    logged({ event }: LogEvent) {
      const lines = output.split('\n').slice(0, -1); // The last line may be incomplete.
      const line = lines.find((text) => text.includes(`"event":"${event}"`));
      return line === undefined ? undefined : JSON.parse(line);
    },
    signal: (name: NodeJS.Signals) => void child.kill(name),
    stop(name: NodeJS.Signals = 'SIGTERM') {
      child.kill(name);
      return exited;
    },
    exited,
  };
}

/** Starts the built service and resolves when it listens. The caller must stop the service. */
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
  let hasExited = false;
  void service.exited.then(() => (hasExited = true));
  const listening = () => listeningLine.exec(service.output())?.[1];
  const isListening = () => {
    if (hasExited) throw new Error(`The service exited before it listened:\n${service.output()}`);
    return listening() !== undefined;
  };
  await waitFor('the service to listen', isListening).catch((error: unknown) => {
    service.signal('SIGKILL');
    throw error;
  });
  const port = Number(listening());
  return { ...service, port, url: `http://127.0.0.1:${port}` };
}

/** Waits until a service is ready. The timeout is long because the machine may be busy. */
export function untilReady({ url }: Pick<TestProcess, 'url'>): Promise<void> {
  return waitFor(
    'the store to respond',
    async () => (await fetch(`${url}/health/ready`)).status === 200,
    60,
  );
}
