import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { works } from './requirements.ts';
import { waitFor } from './wait-for.ts';

/** Returns the missing software that Redis needs, or undefined if none is missing. */
export function missingForRedis(): string | undefined {
  return works('redis-server', '--version') ? undefined : 'redis-server';
}

export interface Redis {
  readonly url: string;
  readonly port: number;
  /** The id of the server's process. */
  readonly pid: number;
  /**
   * Sends a signal to the server. After SIGSTOP the server accepts connections but does not
   * respond.
   */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/**
 * Starts a Redis server and resolves when it accepts connections.
 *
 * @param port the port to listen on. The default is a free port.
 * @param more further options of the command line.
 * @throws if the server exits, for example because another program took the port, or does not
 *   accept connections within 30 seconds. The error contains the server's output.
 */
export async function startRedis(port?: number, ...more: readonly string[]): Promise<Redis> {
  const chosen = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const options = [
    '--port',
    `${chosen}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
    ...more,
  ];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 10_000) output += text;
    });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const isReady = () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('Redis exited.');
    return output.includes('Ready to accept connections');
  };
  await waitFor('Redis to accept connections', isReady).catch(async (error: unknown) => {
    child.kill('SIGKILL');
    await exited;
    throw new Error(`Redis on port ${chosen} did not start:\n${output}`, { cause: error });
  });
  return {
    url: `redis://127.0.0.1:${chosen}`,
    port: chosen,
    pid: child.pid as number,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
