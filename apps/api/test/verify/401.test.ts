import { makeKey } from '@andamio/schema/key-format';
import {
  type Answer,
  deleteKey,
  newKey,
  requestKey,
  rollKey,
  verifyKey,
  verifyPath,
} from '@andamio/testing/service-requests';
import { withOperations } from '@andamio/testing/store/operations';
import { order } from '@andamio/testing/store/operator';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, testPepper } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

/** Headers whose values differ between otherwise equal responses. */
const volatile = new Set([
  'date',
  'x-request-id',
  'ratelimit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
]);

/** Returns a response as text, without the values of the headers in {@link volatile}. */
function bytesOf({ status, headers, body }: Answer): string {
  const constant = [...headers].map(([name, value]) => [name, volatile.has(name) ? '' : value]);
  return JSON.stringify([status, constant, body]);
}

/** Starts a service. Returns a valid key, and keys that are invalid for different reasons. */
async function badKeys() {
  let now = Date.now();
  const store = createSqliteStore(':memory:', () => now);
  const app = await startApp({ store, now: () => now });
  onTestFinished(() => app.close());
  const token = tokenFor('user', { exp: Math.floor(now / 1000) + 1e7 });
  const issue = async (name: string, days: number, url = app.url) =>
    (await requestKey(url, { api_key_name: name, expires_in_days: days }, { token })).body[
      'api_key'
    ] as string;

  const other = await startApp({
    store,
    peppers: [{ ...testPepper, secret: Buffer.alloc(32, 'another') }],
  });
  const ofAnotherPepper = await issue('of another pepper', 9, other.url);

  const expired = await issue('expired', 1);
  const removed = await issue('removed', 1);
  now += 32 * 86_400_000;
  const justExpired = await issue('just expired', 1);
  now += 86_400_000;
  const deleted = await issue('deleted', 9);
  await deleteKey(app.url, { api_key_name: 'deleted' }, { token });
  const rolled = await issue('rolled', 9);
  await rollKey(app.url, { api_key_name: 'rolled', grace_seconds: 0 }, { token });
  const good = await issue('good', 9);
  return {
    url: app.url,
    good,
    bad: {
      unknown: makeKey(),
      expired,
      removed,
      justExpired,
      deleted,
      rolled,
      ofAnotherPepper,
      mistyped: good.slice(0, -1) + (good.endsWith('0') ? '1' : '0'),
      'in another case': good.toUpperCase(),
      'of another form': 'sk-123',
      empty: '',
      'with a space in it': `${good.slice(0, 20)} ${good.slice(20)}`,
      'not ASCII': 'ant-\u00e9',
      missing: undefined,
    },
  };
}

describe('verification of an invalid key', () => {
  test('verify responds with the same 401 to every kind of invalid key', async () => {
    const { url, good, bad } = await badKeys();
    expect((await verifyKey(url, good)).status).toBe(200);
    const unknown = await verifyKey(url, bad.unknown);
    expectError(unknown, 401, 'invalid_key');
    const expected = bytesOf(unknown);
    for (const [what, key] of Object.entries(bad)) {
      for (let round = 0; round < 2; round++) {
        expect(bytesOf(await verifyKey(url, key)), what).toBe(expected);
      }
    }
  });

  test('verify responds with the same 401 to a key that was valid when it was last verified', async () => {
    let now = Date.now();
    const store = withOperations(createSqliteStore(':memory:', () => now));
    const { url, close } = await startApp({ store, now: () => now, monotonicNow: () => now });
    onTestFinished(close);
    const expected = bytesOf(await verifyKey(url, makeKey()));
    const api_key_name = 'MyFirstKey';
    const makeInvalid: Record<string, (token: string) => unknown> = {
      expired: () => {},
      deleted: (token) => deleteKey(url, { api_key_name }, { token }),
      rolled: (token) => rollKey(url, { api_key_name, grace_seconds: 0 }, { token }),
      revoked: () => store.revokeAll(order({ userId: 'revoked' })),
      suspended: () => store.suspend(order({ userId: 'suspended' })),
    };
    const keys: Record<string, string> = {};
    for (const userId of Object.keys(makeInvalid)) {
      const body = { api_key_name, expires_in_days: userId === 'expired' ? 1 : 9 };
      const token = tokenFor(userId);
      const key = (await requestKey(url, body, { token })).body['api_key'] as string;
      expect((await verifyKey(url, key)).status).toBe(200);
      keys[userId] = key;
    }
    for (const [userId, change] of Object.entries(makeInvalid)) await change(tokenFor(userId));
    now += 86_400_000;
    for (const [what, key] of Object.entries(keys))
      for (let round = 0; round < 2; round++)
        expect(bytesOf(await verifyKey(url, key)), what).toBe(expected);
  });

  test('verify describes in a 401 how to send a key, not how to send a token', async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const { headers, body } = await verifyKey(app.url);
    expect(headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
    expect(body['details']).toBe(
      'Send a valid, unexpired key in the header "X-API-Key: <API key>".',
    );
  });

  test.each([
    ['with the same valid key', (key: string) => [key, key]],
    ['with a valid key and an unknown one', (key: string) => [key, makeKey()]],
    ['with an empty key and a valid one', (key: string) => ['', key]],
  ])('verify responds with 401 to two X-API-Key headers %s', async (_what, keys) => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const key = await newKey(app.url, 'user');
    const headers: [string, string][] = keys(key).map((value) => ['x-api-key', value]);
    const response = await fetch(`${app.url}/api/v1/apikey/verify`, { headers });
    expect([response.status, response.headers.get('x-error-code')]).toEqual([401, 'invalid_key']);
  });

  test('verify responds with 401 to a valid key outside X-API-Key', async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const key = await newKey(app.url, 'user');
    const path = `/api/v1/apikey/verify/${key}?x-api-key=${key}&api_key=${key}`;
    const headers = {
      authorization: `Bearer ${key}`,
      cookie: `X-API-Key=${key}`,
      'x-forwarded-api-key': key,
    };
    expectError(await verifyKey(app.url, undefined, { path, headers }), 401, 'invalid_key');
  });
});

describe('verification of a preflight', () => {
  const origin = 'https://console.example.com';
  const asking = { 'access-control-request-method': 'GET' };

  test.each([
    ['without an origin', '', asking],
    ['from an unlisted origin', '', { ...asking, origin: 'https://evil.example.com' }],
    [
      'from a listed origin with a path suffix, as a proxy sends it',
      '/orders',
      { ...asking, origin },
    ],
  ])('verify requires a key for a preflight %s', async (_what, below, headers) => {
    const app = await startApp({ settings: { corsOrigins: [origin] } });
    onTestFinished(() => app.close());
    const init = { method: 'OPTIONS', path: `${verifyPath}${below}`, headers };
    expectError(await verifyKey(app.url, undefined, init), 401, 'invalid_key');
    expect((await verifyKey(app.url, await newKey(app.url, 'user'), init)).status).toBe(200);
  });

  test('answers a preflight from a listed origin, also with a query', async () => {
    const app = await startApp({ settings: { corsOrigins: [origin], ipRateLimitPerMinute: 1 } });
    onTestFinished(() => app.close());
    for (const query of ['', '?', '?x=1', '?x=/orders']) {
      const headers = { ...asking, origin };
      const answer = await verifyKey(app.url, undefined, {
        method: 'OPTIONS',
        path: `${verifyPath}${query}`,
        headers,
      });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
        204,
        origin,
      ]);
    }
  });
});
