import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { commands } from '../../src/admin/commands.ts';
import { startPageServer } from '../../src/admin/serve/server.ts';
import { SettingsError } from '../../src/settings.ts';
import { startAdminFixture } from '../harness/admin.ts';
import { startApp } from '../harness/app.ts';
import {
  authorized,
  openSession,
  send,
  serveInProcess,
  startOperatorsPage,
} from '../harness/operators-page.ts';

const built = join(import.meta.dirname, '../../dist/operators');

/**
 * Starts the server of the operators' page in this process. Its command `wait` completes when the
 * test finishes it.
 */
async function startServer({ idleTime = 60_000, port = 0, folder = built } = {}) {
  const executed: string[] = [];
  let finish = () => {};
  const server = await startPageServer({
    folder,
    port,
    idleTime,
    about: { store: 'a store' },
    async execute(command) {
      executed.push(command);
      if (command === 'wait') await new Promise<void>((resolve) => (finish = resolve));
      return { status: 200, json: {} };
    },
  });
  onTestFinished(() => server.close());
  return { ...server, executed, finish: () => finish() };
}

/** Every kind of path: the page, an asset, the session, the description, and a command. */
const paths = [
  ['GET', '/'],
  ['POST', '/session'],
  ['GET', '/about'],
  ['POST', '/commands/stats'],
  ['GET', '/nothing'],
] as const;

describe('the server of the operators’ page', () => {
  test('cannot be reached through any other address of the machine', async () => {
    const { port } = await startServer();
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address }) => address !== '127.0.0.1' && !address.startsWith('fe80'))
      .map(({ address }) => address);
    for (const address of ['127.0.0.2', ...others]) {
      const socket = connect({ host: address, port });
      const [outcome] = (await Promise.race([
        once(socket, 'connect').then(() => [{ code: 'connected' }]),
        once(socket, 'close').then(() => [socket.errored]),
        once(socket, 'error'),
      ]).catch((error: unknown) => [error])) as [{ readonly code: string }];
      socket.destroy();
      expect([address, outcome.code]).toEqual([address, 'ECONNREFUSED']);
    }
  });

  test.each([
    ['a name that an attacker resolves to 127.0.0.1', 'rebind.example'],
    ['such a name with the port', 'rebind.example:PORT'],
    ['the address without the port', '127.0.0.1'],
    ['another port', '127.0.0.1:1'],
    ['the name localhost, which may be ::1, where another user listens', 'localhost:PORT'],
    ['another address of the machine', '127.0.0.2:PORT'],
    ['a name that ends in the address', '127.0.0.1:PORT.rebind.example'],
  ])('refuses all requests whose Host is %s', async (_, host) => {
    const { port, address, executed } = await startServer();
    const session = await openSession(address);
    const headers = authorized(session, { host: host.replace('PORT', String(port)) });
    for (const [method, path] of paths)
      expect([path, (await send(port, path, { method, headers })).status]).toEqual([path, 403]);
    expect(executed).toEqual([]);
  });

  test.each([
    ['another website', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another website, from an old browser', { origin: 'https://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['another port, from an old browser', { origin: 'http://127.0.0.1:1' }],
    ['an image or script of another website', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses all requests from %s', async (_, sent) => {
    const { port, address, executed } = await startServer();
    const session = await openSession(address);
    for (const [method, path] of paths) {
      const answer = await send(port, path, { method, headers: authorized(session, sent) });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect(executed).toEqual([]);
  });

  test('accepts requests of its own page', async () => {
    const { port, address } = await startServer();
    const headers = authorized(await openSession(address), {
      host: `127.0.0.1:${port}`,
      origin: `http://127.0.0.1:${port}`,
      'sec-fetch-site': 'same-origin',
    });
    const answer = await send(port, '/about', { headers });
    expect([answer.status, answer.json]).toEqual([200, { store: 'a store' }]);
  });

  test('executes nothing without the session, which the address opens only once', async () => {
    const { port, address, executed } = await startServer();
    const token = new URL(address).hash.slice(1);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const attempts = [
      {},
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${token}` },
      { authorization: `Bearer ${'0'.repeat(32)}` },
      { cookie: `session=${token}; token=${token}` },
    ];
    const tryAll = async () => {
      for (const headers of attempts) {
        for (const path of ['/commands/stats', `/commands/stats?token=${token}`, '/about']) {
          const method = path === '/about' ? 'GET' : 'POST';
          expect((await send(port, path, { method, headers })).status).toBe(401);
        }
      }
    };
    await tryAll();
    const wrong = { method: 'POST', body: { token: '0'.repeat(32) } };
    expect((await send(port, '/session', wrong)).status).toBe(401);
    const session = await openSession(address);
    expect(session).toMatch(/^[0-9a-f]{32}$/);
    expect(session).not.toBe(token);
    const again = await send(port, '/session', { method: 'POST', body: { token } });
    expect([again.status, again.json]).toEqual([
      401,
      { error: 'The address was used before, or is wrong.' },
    ]);
    await tryAll();
    expect(executed).toEqual([]);
  });

  test('sets no cookie, and forbids caching, framing, inline code and reading by others', async () => {
    const { port, address } = await startServer();
    const session = await openSession(address);
    for (const [method, path] of paths) {
      const { headers } = await send(port, path, { method, headers: authorized(session) });
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
        ),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('set-cookie');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('serves a file of another kind as bytes', async () => {
    const other = await mkdtemp(join(tmpdir(), 'andamio-page-'));
    onTestFinished(() => rm(other, { recursive: true }));
    await cp(built, other, { recursive: true });
    await writeFile(join(other, 'assets/page.js.map'), '{}');
    const { port } = await startServer({ folder: other });
    const response = await fetch(`http://127.0.0.1:${port}/assets/page.js.map`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toBe('{}');
  });

  test('serves only the files of the page', async () => {
    const { port } = await startServer();
    const { body } = await send(port, '/');
    const assets = [...body.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(assets).toHaveLength(2);
    for (const path of assets) expect((await send(port, `/${path}`)).status).toBe(200);
    for (const path of ['/assets/../index.html', '/assets/%2e%2e/index.html', '/assets/', '//'])
      expect((await send(port, path)).status).toBe(401);
  });

  const minute = 60_000;
  /** Replaces the timers of the server, but not the timers of sockets. */
  const useFakeTimers = () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
  };
  const isDone = async (promise: Promise<unknown>) =>
    (await Promise.race([promise.then(() => true), new Promise(setImmediate)])) === true;

  test('ends after the idle time, which only requests of the session extend', async () => {
    useFakeTimers();
    const { port, address, idle } = await startServer({ idleTime: 30 * minute });
    const headers = authorized(await openSession(address));
    await vi.advanceTimersByTimeAsync(20 * minute);
    expect((await send(port, '/about', { headers })).status).toBe(200);
    await vi.advanceTimersByTimeAsync(20 * minute);
    expect(await isDone(idle)).toBe(false);
    expect((await send(port, '/about')).status).toBe(401);
    await vi.advanceTimersByTimeAsync(10 * minute);
    expect(await isDone(idle)).toBe(true);
  });

  test('ends although a browser keeps a connection that it has not used', async () => {
    const { port, close } = await startServer({ idleTime: 30 * minute });
    const unused = connect(port, '127.0.0.1');
    onTestFinished(() => void unused.destroy());
    await once(unused, 'connect');
    await close();
  });

  /** Sends a request whose body never arrives. Resolves once the server waits for the body. */
  const sendWithoutBody = async (port: number, path: string, header = '') => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    const lines = [
      `POST ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Content-Length: 10',
      'Expect: 100-continue',
      header,
    ];
    socket.write(`${lines.filter(Boolean).join('\r\n')}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  };

  test('ends although the body of a request never arrives', async () => {
    const { port, address, executed, close } = await startServer();
    const session = await openSession(address);
    await sendWithoutBody(port, '/session');
    await sendWithoutBody(port, '/commands/stats', `Authorization: Bearer ${session}`);
    await close();
    expect(executed).toEqual([]);
  });

  test('ends once its command has completed, although the body of a request never arrives', async () => {
    const { port, address, executed, finish, close } = await startServer();
    const headers = authorized(await openSession(address));
    const answer = send(port, '/commands/wait', { method: 'POST', headers });
    await expect.poll(() => executed).toEqual(['wait']);
    await sendWithoutBody(port, '/session');
    const closed = close();
    expect(await isDone(closed)).toBe(false);
    finish();
    expect((await answer).status).toBe(200);
    await closed;
  });

  test('completes a command when it is closed, although the browser has closed the connection', async () => {
    const { port, address, executed, finish, close } = await startServer();
    const headers = authorized(await openSession(address));
    const browser = new AbortController();
    const answer = fetch(`http://127.0.0.1:${port}/commands/wait`, {
      method: 'POST',
      headers,
      signal: browser.signal,
    });
    await expect.poll(() => executed).toEqual(['wait']);
    browser.abort();
    await expect(answer).rejects.toThrow('aborted');
    // By the time of this answer, the server has noticed the closed connection.
    expect((await send(port, '/about', { headers })).status).toBe(200);
    const closed = close();
    expect(await isDone(closed)).toBe(false);
    finish();
    await closed;
  });

  test('does not end while a command runs, and completes it when it is closed', async () => {
    useFakeTimers();
    const { port, address, idle, executed, finish, close } = await startServer({
      idleTime: 30 * minute,
    });
    const headers = authorized(await openSession(address));
    const answer = send(port, '/commands/wait', { method: 'POST', headers });
    await expect.poll(() => executed).toEqual(['wait']);
    await vi.advanceTimersByTimeAsync(60 * minute);
    expect(await isDone(idle)).toBe(false);
    expect((await send(port, '/about', { headers })).status).toBe(200);
    await vi.advanceTimersByTimeAsync(60 * minute);
    expect(await isDone(idle)).toBe(false);
    const closed = close();
    expect(await isDone(closed)).toBe(false);
    finish();
    expect((await answer).status).toBe(200);
    await closed;
    expect(vi.getTimerCount(), 'nothing keeps the process running').toBe(0);
  });
});

describe('the commands of the operators’ page', () => {
  test('are all commands of admin.js except serve, with the same descriptions', async () => {
    const { get } = await serveInProcess();
    const { json } = await get('/about');
    const others = [...commands].filter(([name]) => name !== 'serve');
    expect(json).toMatchObject({
      store: 'a store in memory',
      live: true,
      operator: 'olga',
      idle_minutes: 30,
      commands: Object.fromEntries(others.map(([name, { summary }]) => [name, summary])),
    });
  });

  test.each([
    ['an unknown option', 'list', { user: 'alice', force: true }],
    ['another operator', 'suspend', { user: 'alice', by: 'mallory' }],
    ['--yes', 'suspend', { user: 'alice', yes: true }],
    ['a property of every object', 'list', { user: 'alice', constructor: 'x' }],
    ['a text for a flag', 'usage', { user: 'alice', reset: 'yes' }],
  ])('refuse %s', async (_, name, options) => {
    const { execute } = await serveInProcess();
    const { status, json } = await execute(name, { options });
    expect([status, json]).toEqual([400, { error: 'The command has no such option.' }]);
  });

  test.each([
    ['an unknown command', 'drop', { options: {} }],
    ['serve itself', 'serve', { options: {} }],
    ['a body of another form', 'stats', { option: {} }],
    ['no body', 'stats', undefined],
  ])('refuse %s', async (_, name, body) => {
    const { execute } = await serveInProcess();
    expect(await execute(name, body)).toMatchObject({
      status: 400,
      json: { error: 'The request is not one of this page.' },
    });
  });

  test('validate options like the command line, and repeat no submitted value', async () => {
    const { execute } = await serveInProcess();
    const { status, json } = await execute('stale', { options: { 'idle-days': '<none>' } });
    expect([status, json]).toEqual([
      400,
      { error: '--idle-days must be an integer from 1 to 365.' },
    ]);
  });

  test.each<[number, Error, string]>([
    [
      503,
      new StoreUnavailableError('The store is down.', { cause: new Error('No route.') }),
      'The store is down. No route. Try again once the store responds.',
    ],
    [
      503,
      new OutcomeUnknownError('No answer came.'),
      'No answer came. The change may have been made. Try again.',
    ],
    [400, new SettingsError('KEY_PEPPERS is required.'), 'KEY_PEPPERS is required.'],
    [500, new Error('A row is malformed.'), 'A row is malformed.'],
  ])('answer %i to the error %o, and say what to do', async (status, failure, error) => {
    const { store, execute } = await serveInProcess();
    store.countOwners = () => Promise.reject(failure);
    expect(await execute('stats', { options: {} })).toMatchObject({ status, json: { error } });
  });

  test('refuse a key in any field but that of the key', async () => {
    const { execute } = await serveInProcess();
    for (const name of ['list', 'suspend']) {
      const { status, body } = await execute(name, { options: { user: `x ${makeKey()}` } });
      expect(status).toBe(400);
      expect(body).toContain('A field contains a key.');
      expect(body).not.toContain('ant-');
    }
  });

  test('print the digest keys in the terminal and never send them', async () => {
    const { execute, printed } = await serveInProcess();
    const { body } = await execute('digest-keys', { options: {} });
    expect(JSON.parse(body)).toEqual({
      done: true,
      json: { outcome: 'printed' },
      text: ['Printed in the terminal in which admin.js serve runs.'],
    });
    const digestKeys = String(printed[1]?.json['digest_keys']);
    expect(digestKeys).toMatch(/^test:/);
    expect(body).not.toContain(digestKeys);
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('serve ends at %s', async (signal) => {
  const { ended } = await serveInProcess();
  process.emit(signal);
  expect(await ended).toMatchObject({ done: true, json: { outcome: 'ended', reason: 'signal' } });
});

describe('admin.js serve', () => {
  test('is the only program that serves the files of the page', async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const [asset = ''] = await readdir(join(built, 'assets'));
    for (const path of [
      '/operators',
      '/operators/',
      '/operators/index.html',
      `/operators/assets/${asset}`,
      '/console/operators',
      '/console/operators/index.html',
      `/console/assets/${asset}`,
      '/console/assets/../../operators/index.html',
      `/console/assets/%2e%2e/%2e%2e/operators/assets/${asset}`,
    ])
      expect([path, (await send(app.port, path)).status]).toEqual([path, 404]);
  });

  test('names the store, records changes by the operator, and ends at SIGINT with 0', async () => {
    const fixture = await startAdminFixture('SQLite');
    const { status } = await requestKey(
      fixture.url,
      { api_key_name: 'first' },
      { token: tokenFor('alice') },
    );
    expect(status).toBe(200);
    const page = await startOperatorsPage(fixture.settings);
    onTestFinished(() => page.signal('SIGKILL'));
    expect(page.output.stderr).toMatch(/^Working on the SQLite file \//);
    expect(page.output.stdout).toContain('Changes are recorded as olga.');
    const headers = authorized(await openSession(page.address));
    const body = { options: { user: 'alice', reason: 'spam' } };
    const suspended = await send(page.port, '/commands/suspend', { method: 'POST', headers, body });
    expect(suspended.json).toMatchObject({ done: true, json: { outcome: 'suspended' } });
    const { entries } = await fixture.json(['audit', '--user', 'alice']);
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'user.suspended',
        actor_kind: 'operator',
        actor_id: 'olga',
        reason: 'spam',
      }),
    );
    expect(await page.stop()).toMatchObject({ code: 0 });
    expect(page.output.stdout).toMatch(/\nThe page has ended\.\n$/);
  });

  test('refuses a port that is in use, an invalid port, and a Cloud Run job', async () => {
    const fixture = await startAdminFixture('SQLite');
    const { port } = await startServer();
    const run = (args: readonly string[], settings = {}) =>
      fixture.run(['serve', '--by', 'olga', ...args], { settings });
    expect(await run(['--port', String(port)])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--port is already in use.'),
    });
    for (const invalid of ['80', '65536', '0', 'x']) {
      expect(await run(['--port', invalid])).toMatchObject({
        code: 64,
        stderr: expect.stringContaining('--port must be an integer from 1024 to 65535.'),
      });
    }
    expect(await run([], { CLOUD_RUN_JOB: 'andamio-api-admin' })).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('serve needs a browser on the same machine'),
    });
  });

  test('the session of an earlier run on the same port is over', async () => {
    const first = await startServer();
    const session = await openSession(first.address);
    await first.close();
    const second = await startServer({ port: first.port });
    expect((await send(second.port, '/about', { headers: authorized(session) })).status).toBe(401);
  });
});
