import { existsSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { startProcess } from '@andamio/testing/service-process';
import { deletePath, getUser, newKey, requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { issueToken, smokeTest } from '../scripts/lib/smoke-test.ts';
import { temporaryFolder } from './harness/stack.ts';

/** A user whose tier allows one key. */
const token = tokenFor('smoke-test', { tier: 'pioneer' });

const never = new AbortController().signal;

beforeEach(() => {
  vi.stubEnv('SMOKE_TOKEN_COMMAND', `echo ${token}`);
  vi.stubEnv('SMOKE_TIMEOUT_SECONDS', '60');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
});

/** A service behind a proxy that can lose requests, and responses to them. */
interface Front {
  readonly url: string;
  /**
   * Loses the next request with a token for a path, or the response to it.
   *
   * @param passed number of such requests that pass before
   * @returns a promise that resolves when it was lost
   */
  lose(path: string, what: 'request' | 'response', passed: number): Promise<void>;
  /** Returns the names of the user's active keys. */
  keys(): Promise<string[]>;
}

/** Starts the service and the proxy, until the test finishes. */
async function startFront(): Promise<Front> {
  const service = await startProcess();
  let next:
    | { path: string; what: 'request' | 'response'; passed: number; lost: () => void }
    | undefined;
  const proxy = createServer((incoming, outgoing) => {
    const { url: path, method, headers } = incoming;
    const isMatch = next?.path === path && headers.authorization !== undefined;
    const loss = next !== undefined && isMatch && next.passed-- === 0 ? next : undefined;
    if (loss?.what === 'request') {
      incoming.resume().once('end', loss.lost);
      return;
    }
    const forwarded = request(`${service.url}${path}`, { method, headers }, (response) => {
      if (loss === undefined) {
        outgoing.writeHead(response.statusCode as number, response.headers);
        response.pipe(outgoing);
      } else response.resume().once('end', loss.lost);
    });
    incoming.pipe(forwarded);
  });
  const port = await listenOnLoopback(proxy);
  onTestFinished(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await service.stop();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    lose: (path, what, passed) =>
      new Promise((lost) => {
        next = { path, what, passed, lost };
      }),
    async keys() {
      const { body } = await getUser(service.url, { token });
      return (body['active_keys'] as { name: string }[]).map(({ name }) => name);
    },
  };
}

describe('a smoke test', () => {
  test('leaves no key', async () => {
    const { url, keys } = await startFront();
    await smokeTest(url, never);
    expect(await keys()).toEqual([]);
  });

  // The first deletion of a test is that of an earlier test's key.
  test.each([
    ['request was stopped before its response arrived', requestPath, 'response', 0, 1],
    ['deletion was stopped before the service received it', deletePath, 'request', 1, 1],
    ['deletion was stopped before its response arrived', deletePath, 'response', 1, 0],
  ] as const)('succeeds after one whose %s', async (_, path, what, passed, left) => {
    const { url, lose, keys } = await startFront();
    const stop = new AbortController();
    const lost = lose(path, what, passed);
    const stopped = expect(smokeTest(url, stop.signal)).rejects.toThrow('stopped');
    await lost;
    stop.abort(new Error('stopped'));
    await stopped;
    expect(await keys()).toHaveLength(left);
    await smokeTest(url, never);
    expect(await keys()).toEqual([]);
  });

  test('fails if its deletion gets no response, and the next one succeeds', async () => {
    const { url, lose, keys } = await startFront();
    void lose(deletePath, 'request', 1);
    vi.stubEnv('SMOKE_TIMEOUT_SECONDS', '2');
    await expect(smokeTest(url, never)).rejects.toThrow('no complete response within 2 s');
    expect(await keys()).toHaveLength(1);
    vi.stubEnv('SMOKE_TIMEOUT_SECONDS', '60');
    await smokeTest(url, never);
    expect(await keys()).toEqual([]);
  });

  test('reports the refusal of a user who has other keys, and deletes none of them', async () => {
    const { url, keys } = await startFront();
    await newKey(url, 'smoke-test', { tier: 'pioneer' }, 'of-the-user');
    await expect(smokeTest(url, never)).rejects.toThrow(/responded with 429: Key limit/);
    expect(await keys()).toEqual(['of-the-user']);
  });
});

describe('the token command', () => {
  test('is not run after a signal has aborted', async () => {
    const marker = join(temporaryFolder(), 'marker');
    vi.stubEnv('SMOKE_TOKEN_COMMAND', `touch '${marker}'; echo token`);
    await expect(issueToken(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    expect(existsSync(marker)).toBe(false);
  });

  test('ends at the timeout even if a process that has left its group has its output open', async () => {
    const file = join(temporaryFolder(), 'pid');
    const daemon = `const { pid } = require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'inherit' });
      require('node:fs').writeFileSync('${file}', String(pid)); process.exit();`;
    vi.stubEnv('SMOKE_TOKEN_COMMAND', `'${process.execPath}' -e "${daemon}"`);
    vi.stubEnv('SMOKE_TIMEOUT_SECONDS', '5');
    onTestFinished(() => void process.kill(Number(readFileSync(file, 'utf8'))));
    await expect(issueToken(never)).rejects.toThrow('printed no token: it took more than 5 s');
  });
});
