import { makeKey } from '@andamio/schema/key-format';
import {
  getUser,
  newKey,
  requestKey,
  rollKey,
  verifyKey,
  verifyPath,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp, testPepper } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const issuedAt = Date.UTC(2025, 7, 31, 23, 59, 59);

describe('verification of a valid key', () => {
  let app: TestApp;
  let now = issuedAt;
  let key: string;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
    key = await newKey(app.url, 'user', { tier: 'growth' });
  });
  afterAll(() => app.close());

  test('verify returns owner, name, tier and times of a valid key, and nothing else', async () => {
    const { status, body } = await verifyKey(app.url, key);
    expect(status).toBe(200);
    expect(body).toEqual({
      user_id: 'user',
      name: 'MyFirstKey',
      tier: 'growth',
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
    });
  });

  test.each([
    ['unreserved characters as they are', 'aZ09-._~', 'aZ09-._~'],
    ['spaces, slashes and percent signs', 'My key/100%', 'My%20key%2F100%25'],
    ["the reserved characters !*'();:@&=+$,/?#[]", "!*'();:@&=+$,/?#[]", undefined],
    ['characters beyond ASCII as UTF-8', 'ключ ä 🔑', undefined],
    ['the longest name, of 4-byte characters', '🔑'.repeat(100), '%F0%9F%94%91'.repeat(100)],
  ])('verify encodes in its identity headers %s', async (_what, text, encoded) => {
    const userId = `user ${text}`;
    const issued = await requestKey(app.url, { api_key_name: text }, { token: tokenFor(userId) });
    for (const method of ['GET', 'HEAD']) {
      const { headers } = await verifyKey(app.url, issued.body['api_key'] as string, { method });
      const name = headers.get('x-api-key-name') ?? '';
      expect(name).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
      expect(decodeURIComponent(name)).toBe(text);
      if (encoded !== undefined) expect(name).toBe(encoded);
      expect(headers.get('x-api-key-user')).toBe(`user%20${name}`);
      expect(headers.get('x-api-key-tier')).toBe('enterprise');
      expect(headers.get('x-api-key-expires-at')).toBe('2026-08-31T23%3A59%3A59Z');
    }
  });

  test('verify sends no identity headers with a refusal', async () => {
    const { status, headers } = await verifyKey(app.url, makeKey());
    expect(status).toBe(401);
    expect([...headers.keys()].filter((name) => name.startsWith('x-api-key-'))).toEqual([]);
  });

  test('verify accepts a key until the second of its expiry', async () => {
    const { body } = await requestKey(app.url, { api_key_name: 'short', expires_in_days: 1 });
    onTestFinished(() => {
      now = issuedAt;
    });
    now = issuedAt + 86_399_999;
    expect((await verifyKey(app.url, body['api_key'] as string)).status).toBe(200);
    now += 1;
    expect((await verifyKey(app.url, body['api_key'] as string)).status).toBe(401);
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'verify accepts %s',
    async (method) => {
      expect((await verifyKey(app.url, key, { method })).body).toMatchObject({
        user_id: 'user',
      });
    },
  );

  test('verify responds to HEAD like to GET without the body', async () => {
    const head = await verifyKey(app.url, key, { method: 'HEAD' });
    const get = await verifyKey(app.url, key);
    expect([head.status, head.body]).toEqual([200, {}]);
    for (const name of ['content-type', 'content-length', 'cache-control', 'x-ratelimit-limit']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });

  test.each([
    '/',
    '/a',
    '/a/b/',
    '/a?b=c',
    '?b=c',
    '/..%2f..%2f',
    '/%ff%zz',
    '//',
    `/${'x'.repeat(4_000)}`,
  ])('verify accepts the path suffix %s, as proxies append it', async (below) => {
    const { text } = await sendRaw(
      app.port,
      `POST ${verifyPath}${below} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*"user_id":"user"/);
  });

  test.each(['x', '-', '%2f', ';a=b'])(
    'verify responds with 404 to its path followed by %j',
    async (more) => {
      expect((await verifyKey(app.url, key, { path: `${verifyPath}${more}` })).status).toBe(404);
    },
  );

  test.each([
    ['that is not JSON', 'not JSON', {}],
    [
      'that exceeds the limit of other operations',
      'x'.repeat(1_000_000),
      { 'content-type': 'application/json' },
    ],
    ['with a wrong content encoding', 'x', { 'content-encoding': 'gzip' }],
  ])('verify ignores a body %s', async (_what, body, headers) => {
    expect((await verifyKey(app.url, key, { method: 'POST', body, headers })).status).toBe(200);
  });

  test('verify ignores the Authorization header', async () => {
    const headers = { authorization: 'Bearer garbage' };
    expect((await verifyKey(app.url, key, { headers })).status).toBe(200);
  });

  test('verify responds with a private max-age that varies by X-API-Key', async () => {
    const { headers } = await verifyKey(app.url, key);
    expect(headers.get('cache-control')).toMatch(/^private, max-age=\d$/);
    expect(headers.get('vary')?.split(/, ?/)).toContain('X-API-Key');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('verify responds with the security headers of a machine-to-machine API', async () => {
    const { headers } = await verifyKey(app.url, key);
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  test('verify allows listed origins only', async () => {
    const origin = 'https://console.example.com';
    const listing = await startApp({ settings: { corsOrigins: [origin] } });
    onTestFinished(() => listing.close());
    const asked = await fetch(`${listing.url}${verifyPath}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-api-key',
      },
    });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const own = await newKey(listing.url, 'user');
    for (const [from, allowed] of [
      [origin, origin],
      ['https://evil.example.com', null],
    ] as const) {
      const { status, headers } = await verifyKey(listing.url, own, { headers: { origin: from } });
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, allowed]);
      expect(headers.get('vary')?.split(/, ?/)).toEqual(['Origin', 'X-API-Key']);
      expect(headers.get('access-control-expose-headers') ?? '').not.toMatch(/x-api-key/i);
    }
  });
});

test("verify returns the tier of the owner's newest token", async () => {
  const app = await startApp();
  onTestFinished(() => app.close());
  const iat = Math.floor(Date.now() / 1000);
  const key = await newKey(app.url, 'user', { tier: 'starter', iat: iat - 100 });
  const tier = async () => {
    const { body, headers } = await verifyKey(app.url, key);
    expect(headers.get('x-api-key-tier')).toBe(body['tier']);
    return body['tier'];
  };
  expect(await tier()).toBe('starter');
  await newKey(app.url, 'user', { tier: 'growth', iat: iat - 50 }, 'another');
  expect(await tier()).toBe('growth');
  await getUser(app.url, { token: tokenFor('user', { tier: 'enterprise', iat }) });
  expect(await tier()).toBe('enterprise');
});

test('verify accepts a previous secret until its grace ends', async () => {
  let now = issuedAt;
  const app = await startApp({ now: () => now });
  onTestFinished(() => app.close());
  const token = tokenFor('user', { iat: now / 1000, exp: now / 1000 + 3600 });
  const old = (await requestKey(app.url, { api_key_name: 'abc' }, { token })).body[
    'api_key'
  ] as string;
  expect((await verifyKey(app.url, old)).status).toBe(200);
  const rolled = await rollKey(app.url, { api_key_name: 'abc', grace_seconds: 60 }, { token });
  expect((await verifyKey(app.url, rolled.body['api_key'] as string)).status).toBe(200);
  now += 59_999;
  expect((await verifyKey(app.url, old)).body).toMatchObject({
    name: 'abc',
    expires_at: '2025-09-01T00:00:59Z',
  });
  now += 1;
  expect((await verifyKey(app.url, old)).status).toBe(401);
  expect((await verifyKey(app.url, rolled.body['api_key'] as string)).status).toBe(200);
});

test('verify accepts a key after a new pepper is added', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const newer = { version: 'newer', secret: Buffer.alloc(32, 'newer') };
  const before = await startApp({ store });
  const key = await newKey(before.url, 'user');
  const after = await startApp({ store, peppers: [newer, testPepper] });
  onTestFinished(() => after.close());
  for (let round = 0; round < 2; round++)
    expect((await verifyKey(after.url, key)).status).toBe(200);
  expect((await verifyKey(after.url, await newKey(after.url, 'user', {}, 'another'))).status).toBe(
    200,
  );
});
