import { request as sendRequest } from 'node:http';
import { join } from 'node:path';
import { createMemoryStore } from '@andamio/testing/store/memory-store';
import { withOperations } from '@andamio/testing/store/operations';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished } from 'vitest';
import type { Report } from '../../src/admin/command.ts';
import { commands } from '../../src/admin/commands.ts';
import { spawnAdmin } from './admin.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends a request with any headers, including those that only a browser itself sets. */
export function send(
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: unknown;
  } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = sendRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: headers as Record<string, string>,
    agent: false,
  });
  request.once('error', reject).once('response', async (response) => {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    resolve({
      status: response.statusCode as number,
      headers: response.headers,
      body: text,
      json: isJson ? JSON.parse(text) : {},
    });
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Returns headers that authorize a request with a session. */
export const authorized = (session: string, more: Readonly<Record<string, string>> = {}) => ({
  authorization: `Bearer ${session}`,
  ...more,
});

/** Opens a session with the token that the page's address contains. Returns the session. */
export async function openSession(address: string): Promise<string> {
  const { port, hash } = new URL(address);
  const token = hash.slice(1);
  const answer = await send(Number(port), '/session', { method: 'POST', body: { token } });
  return String(answer.json['session']);
}

/**
 * Starts `admin.js serve` and waits until it has printed its address. The caller must stop the
 * process.
 */
export async function startOperatorsPage(
  settings: Readonly<Record<string, string | undefined>>,
  args: readonly string[] = ['--by', 'olga'],
) {
  const run = spawnAdmin(['serve', ...args], settings);
  const printed = () => /^http:\S+$/m.exec(run.output.stdout)?.[0];
  let hasExited = false;
  void run.result.then(() => (hasExited = true));
  await waitFor('the address of the page', async () => {
    if (hasExited) throw new Error(`admin.js serve has exited: ${run.output.stderr}`);
    return printed() !== undefined;
  }).catch((error: unknown) => {
    run.kill();
    throw error;
  });
  const address = printed() as string;
  return {
    address,
    port: Number(new URL(address).port),
    output: run.output,
    signal: run.signal,
    result: run.result,
    /** Ends the process and waits for its exit. */
    stop() {
      run.signal('SIGINT');
      return run.result;
    },
  };
}

/** Runs the command `serve` in this process, on an in-memory store, until the test finishes. */
export async function serveInProcess() {
  const printed: Report[] = [];
  const serve = commands.get('serve')?.plan({ by: 'olga' } as never, {}) as (
    context: object,
  ) => Promise<Report>;
  const store = withOperations(createMemoryStore());
  const ended = serve({
    store,
    peppers: () => [{ version: 'test', secret: Buffer.alloc(32, 'pepper') }],
    now: Date.now,
    print: async (report: Report) => void printed.push(report),
    signals: process,
    environment: {},
    storeName: 'a store in memory',
    isLive: true,
    pageFolder: join(import.meta.dirname, '../../dist/operators'),
  });
  onTestFinished(async () => {
    process.emit('SIGINT');
    await ended;
  });
  await expect.poll(() => printed.length).toBe(1);
  const address = String(printed[0]?.json['address']);
  const session = await openSession(address);
  const port = Number(new URL(address).port);
  const headers = authorized(session);
  return {
    printed,
    store,
    port,
    session,
    ended,
    get: (path: string) => send(port, path, { headers }),
    execute: (name: string, body: unknown) =>
      send(port, `/commands/${name}`, { method: 'POST', headers, body }),
  };
}
