import { StoreUnavailableError } from '@andamio/keys/store';
import { logEvents } from '@andamio/schema/log-events';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { sendRaw } from '../harness/raw-socket.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';

describe('paths and methods', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  async function ask(method: string, path: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${app.url}${path}`, { method, headers });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : JSON.parse(text),
    };
  }

  test.each([
    ['GET', '/nothing'],
    ['POST', '/api/v1/apikey'],
    ['POST', '/api/v1/apikey/request/'],
    ['POST', '/api/v1/APIKEY/request'],
    ['POST', '/API/v1/apikey/request'],
    ['POST', '/api/v1//apikey/request'],
    ['POST', '/api/v2/apikey/request'],
    ['POST', '/api/v1/apikey/request%2f'],
    ['POST', '/api/v1/apikey/%72equest/x'],
    ['POST', '/api/v1/apikey/./request/..'],
    ['POST', '/api/v1/apikey/request;x=y'],
    ['POST', '/api/v1/apikey/__proto__'],
    ['POST', '/api/v1/apikey/rotate/'],
    ['POST', '/api/v1/apikey/Delete'],
    ['GET', '/api/v1/user'],
    ['GET', '/api/v1/user/me/'],
    ['GET', '/api/v1/user/usage/'],
    ['POST', '/api/v1/user/usage/Daily'],
    ['OPTIONS', '/nothing'],
    ['GET', '/favicon.ico'],
    ['GET', '/.env'],
    ['GET', '/health'],
    ['GET', '/health/live/'],
    ['GET', '/api/v1/docs/doc.json/'],
    ['GET', '/api/v1/apikey/verifying'],
    ['GET', '/api/v1/apikey/Verify'],
    ['PUT', '/nothing'],
  ])('responds with 404 to %s %s, with and without a token', async (method, path) => {
    expectError(await ask(method, path), 404, 'not_found');
    expectError(
      await ask(method, path, { authorization: `Bearer ${tokenFor('user')}` }),
      404,
      'not_found',
    );
  });

  test.each([
    ['GET', '/api/v1/apikey/request', 'POST'],
    ['PUT', '/api/v1/apikey/request', 'POST'],
    ['PATCH', '/api/v1/apikey/request', 'POST'],
    ['DELETE', '/api/v1/apikey/request', 'POST'],
    ['OPTIONS', '/api/v1/apikey/request', 'POST'],
    ['POST', '/', 'GET, HEAD'],
    ['PUT', '/docs', 'GET, HEAD'],
    ['POST', '/api/v1/docs/index.html', 'GET, HEAD'],
    ['GET', '/api/v1/apikey/rotate', 'POST'],
    ['DELETE', '/api/v1/apikey/delete', 'POST'],
    ['POST', '/api/v1/user/me', 'GET, HEAD'],
    ['POST', '/api/v1/user/usage', 'GET, HEAD'],
    ['GET', '/api/v1/user/usage/daily', 'POST'],
    ['POST', '/api/v1/docs/doc.json', 'GET, HEAD'],
    ['PATCH', '/api/v1/apikey/request?x=y', 'POST'],
    ['DELETE', '/health/ready', 'GET, HEAD'],
    ['POST', '/health/live', 'GET, HEAD'],
  ])('responds with 405 and Allow to %s %s', async (method, path, allow) => {
    for (const headers of [
      {},
      { authorization: 'Bearer garbage' },
      { authorization: `Bearer ${tokenFor('user')}` },
    ]) {
      const answer = await ask(method, path, headers);
      expectError(answer, 405, 'method_not_allowed');
      expect(answer.headers.get('allow')).toBe(allow);
    }
  });

  test('responds with 404 to OPTIONS *', async () => {
    const { text } = await sendRaw(
      app.port,
      'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(text).toContain('"message":"Not Found: The requested resource does not exist."');
  });

  test('responds with 405 to HEAD on a path that only supports POST', async () => {
    const response = await fetch(`${app.url}/api/v1/apikey/request`, { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each(['/api/v1/docs/doc.json', '/health/live', '/health/ready'])(
    'responds to HEAD %s like GET without the body',
    async (path) => {
      const [head, get] = await Promise.all(
        ['HEAD', 'GET'].map((method) => fetch(`${app.url}${path}`, { method })),
      );
      expect([head?.status, await head?.text()]).toEqual([200, '']);
      for (const name of ['content-type', 'content-length'])
        expect(head?.headers.get(name)).toBe(get?.headers.get(name));
    },
  );

  test('responds with 400 or 404 to a path that cannot be decoded', async () => {
    const { text } = await sendRaw(
      app.port,
      'GET /%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test('reports live and ready while the store responds', async () => {
    expect(await ask('GET', '/health/live')).toMatchObject({
      status: 200,
      body: { status: 'live' },
    });
    expect(await ask('GET', '/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'ready' },
    });
  });
});

describe('health checks without a store', () => {
  let arrived = 0;
  let logged: readonly string[] = [];

  async function startWithout(check: () => Promise<void>) {
    const app = await startApp({
      store: { ...storeThatThrows(new Error('unused')), check },
    });
    onTestFinished(() => app.close());
    arrived = 0;
    logged = app.logged;
    app.server.on('request', () => arrived++);
    return (path: string) => fetch(`${app.url}${path}`);
  }

  test('a failed readiness check logs the event that the alert matches, as a warning', async () => {
    const ask = await startWithout(() => Promise.reject(new Error('no route to the store')));
    await ask('/health/ready');
    const lines = logged.map((line) => JSON.parse(line) as { severity: string; message: string });
    expect(lines).toContainEqual(
      expect.objectContaining({ severity: 'WARNING', ...logEvents.keyStoreUnavailable }),
    );
  });

  test('responds with 503 to a readiness check and 200 to a liveness check while the store is down', async () => {
    const ask = await startWithout(() =>
      Promise.reject(new StoreUnavailableError('password hunter2')),
    );
    const response = await ask('/health/ready');
    const { status, headers } = response;
    const answer = { status, headers, body: (await response.json()) as Record<string, unknown> };
    expectError(answer, 503, 'not_ready');
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    expect((await ask('/health/live')).status).toBe(200);
  });

  test('makes one store call for a hundred concurrent readiness checks', async () => {
    const waiting: (() => void)[] = [];
    const ask = await startWithout(() => new Promise((resolve) => waiting.push(resolve)));
    const responses = Array.from({ length: 100 }, () => ask('/health/ready'));
    await waitFor('all requests', () => arrived === 100);
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    expect(new Set((await Promise.all(responses)).map(({ status }) => status))).toEqual(
      new Set([200]),
    );
    expect(waiting).toHaveLength(1);
  });

  test('caches the result of a readiness check for at most a second', async () => {
    let up = true;
    const ask = await startWithout(() =>
      up ? Promise.resolve() : Promise.reject(new StoreUnavailableError('down')),
    );
    expect((await ask('/health/ready')).status).toBe(200);
    up = false;
    await waitFor(
      'the readiness check to fail',
      async () => (await ask('/health/ready')).status === 503,
      3,
    );
  });
});
