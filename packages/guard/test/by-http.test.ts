import { makeKey } from '@andamio/schema/key-format';
import { startDroppingProxy } from '@andamio/testing/dropping-proxy';
import { beforeEach, describe, expect, test } from 'vitest';
import { expectRefusal } from './harness/expect-refusal.ts';
import { startGuarded } from './harness/guarded.ts';
import {
  type Answering,
  answering,
  breaking,
  failing,
  silent,
  startVerifyServer,
  valid,
} from './harness/verify-server.ts';

const service = await startVerifyServer();
const start = (more: { timeoutMs?: number } = {}) => startGuarded({ verify: service.url, ...more });

let key = makeKey();
beforeEach(() => {
  key = makeKey();
  service.received.length = 0;
  service.next(valid());
});

describe('a valid key', () => {
  test('accepts a valid key and sets req.apiKey for each request', async () => {
    const { get } = await start();
    for (let sent = 0; sent < 2; sent++) {
      expect(await get(key)).toMatchObject({
        status: 200,
        body: {
          userId: 'ada',
          name: 'MyFirstKey',
          tier: 'growth',
          expiresAt: '2099-08-31T23:59:59.000Z',
        },
      });
    }
    expect(service.received).toHaveLength(1);
  });

  test('sends the service the key and nothing else of the request', async () => {
    const { get } = await start();
    await get(key, {
      cookie: 'session=1',
      authorization: 'Bearer token',
      'x-forwarded-for': '10.0.0.1',
    });
    expect(service.received).toEqual([
      {
        method: 'GET',
        path: '/api/v1/apikey/verify',
        headers: {
          host: new URL(service.url).host,
          connection: 'keep-alive',
          accept: 'application/json',
          'x-api-key': key,
        },
      },
    ]);
  });

  test("sends the guard's secret to the service", async () => {
    const guardSecret = 'x'.repeat(32);
    const { get } = await startGuarded({ verify: service.url, guardSecret });
    await get(key, { 'x-guard-secret': 'another secret' });
    expect(service.received[0]?.headers).toMatchObject({
      'x-api-key': key,
      'x-guard-secret': guardSecret,
    });
  });

  test('supports a service URL with a path', async () => {
    const { get } = await startGuarded({ verify: new URL(`${service.url}/keys/`) });
    await get(key);
    expect(service.received[0]?.path).toBe('/keys/api/v1/apikey/verify');
  });

  test('adds no header to successful responses', async () => {
    const { get } = await start();
    const names = [...(await get(key)).headers.keys()];
    expect(names.sort()).toEqual(
      [
        'connection',
        'content-length',
        'content-type',
        'date',
        'etag',
        'keep-alive',
        'x-powered-by',
      ].sort(),
    );
  });

  test('reuses its connection to the service', async () => {
    const { get } = await start();
    const before = service.connections();
    for (let sent = 0; sent < 5; sent++) await get(makeKey());
    expect(service.connections() - before).toBe(1);
  });

  test.each([
    ['no-store', 'no-store'],
    ['no age', 'private'],
    ['an age of zero', 'private, max-age=0'],
    ['an empty value', ''],
  ])('does not cache a response whose Cache-Control is %s', async (_what, cacheControl) => {
    service.next(valid({ cacheControl }));
    const { get } = await start();
    for (let sent = 0; sent < 3; sent++) expect((await get(key)).status).toBe(200);
    expect(service.received).toHaveLength(3);
    expect(service.received[0]?.headers).not.toHaveProperty('x-cached-answers');
  });

  test('reports requests answered from the cache on close()', async () => {
    const { get, guard } = await start();
    for (let sent = 0; sent < 5; sent++) await get(key);
    await guard.close();
    expect(service.received.map(({ headers }) => headers['x-cached-answers'])).toEqual([
      undefined,
      '3',
    ]);
    expectRefusal(await get(key), 'verification_unavailable');
  });
});

describe('401', () => {
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another format', 'sk-123'],
    ['mistyped', `${makeKey().slice(0, -1)}-`],
    ['of a wrong checksum', makeKey().replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    ['a list of two keys', `${makeKey()}, ${makeKey()}`],
  ])('answers 401 without a lookup if the key is %s', async (_what, wrong) => {
    const { get } = await start();
    const answer = await get(wrong);
    expectRefusal(answer, 'invalid_key');
    expect(answer.headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
    expect(service.received).toEqual([]);
  });

  test("caches the service's 401 and responds as for malformed keys", async () => {
    service.next(failing('invalid_key', { 'WWW-Authenticate': 'ApiKey realm="andamio-api"' }));
    const { get } = await start();
    const [own, asked, remembered] = [await get(), await get(key), await get(key)];
    const comparable = ({ status, headers, body }: typeof own) => ({
      status,
      body,
      headers: [...headers].filter(([name]) => name !== 'date'),
    });
    expect(comparable(asked)).toEqual(comparable(own));
    expect(comparable(remembered)).toEqual(comparable(own));
    expect(service.received).toHaveLength(1);
  });
});

describe('429', () => {
  const limits = {
    'Retry-After': '17',
    'X-RateLimit-Limit': '20',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': '1900000000',
  };

  test("forwards the service's 429 with its code, details and headers, without caching it", async () => {
    service.next(failing('quota_exceeded', limits, 'Quota: 500 requests a day.'), valid());
    const { get } = await start();
    const answer = await get(key);
    expectRefusal(answer, 'quota_exceeded', 'Quota: 500 requests a day.');
    expect(Object.fromEntries(answer.headers)).toMatchObject(
      Object.fromEntries(
        Object.entries(limits).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    );
    expect((await get(key)).status).toBe(200);
  });

  test("answers 429 without a lookup when the owner's window is used up", async () => {
    const reset = `${Math.ceil(Date.now() / 1000) + 30}`;
    const headers = {
      'X-RateLimit-Limit': '20',
      'X-RateLimit-Remaining': '2',
      'X-RateLimit-Reset': reset,
    };
    service.next(valid({ headers }));
    const { get } = await start();
    for (let sent = 0; sent < 3; sent++) expect((await get(key)).status).toBe(200);
    const answer = await get(key);
    expectRefusal(answer, 'rate_limited');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('20');
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(
      Math.abs(Number(answer.headers.get('x-ratelimit-reset')) - Number(reset)),
    ).toBeLessThanOrEqual(2);
    const retryAfter = Number(answer.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(20);
    expect(retryAfter).toBeLessThanOrEqual(31);
    expect(service.received).toHaveLength(1);
  });

  test("computes Retry-After by the service's clock", async () => {
    const serverTime = Date.now() + 3_600_000;
    const headers = {
      Date: new Date(serverTime).toUTCString(),
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': `${Math.ceil(serverTime / 1000) + 30}`,
    };
    service.next(valid({ headers }));
    const { get } = await start();
    await get(key);
    const retryAfter = Number((await get(key)).headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(20);
    expect(retryAfter).toBeLessThanOrEqual(31);
  });

  test("applies the tier's published limit if a proxy removed the rate-limit headers", async () => {
    service.next(
      answering(
        200,
        { 'Cache-Control': 'private, max-age=10' },
        {
          user_id: 'ada',
          name: 'a',
          tier: 'pioneer',
          created_at: '',
          expires_at: '2099-08-31T23:59:59Z',
        },
      ),
    );
    const { get } = await start();
    for (let sent = 0; sent < 21; sent++) expect((await get(key)).status).toBe(200);
    expectRefusal(await get(key), 'rate_limited');
  });
});

describe('503', () => {
  const unexpected = (status: number, code?: string) =>
    answering(
      status,
      code === undefined ? {} : { 'X-Error-Code': code },
      'no answer of the service',
    );

  test.each<[string, Answering, string]>([
    ['the service cannot verify keys', failing('verification_unavailable'), 'cannot verify keys'],
    ['the service fails', failing('internal'), 'unexpected response: 500'],
    ['another server responds', unexpected(200), 'unexpected response: 200'],
    ['another server refuses', unexpected(401), 'unexpected response: 401'],
    ['another server is busy', unexpected(429), 'unexpected response: 429'],
    [
      "the limit is this machine's own",
      failing('rate_limited', { 'RateLimit-Policy': '"address"; q=600; w=60; pk=:YQ==:' }),
      'limits the requests of this address',
    ],
    ['another operation refuses', unexpected(401, 'unauthenticated'), 'unexpected response: 401'],
    [
      'another server redirects',
      answering(302, { Location: 'http://127.0.0.1:9/' }, ''),
      'unexpected response: 302',
    ],
    ['the tier is unknown', valid({ tier: 'gold' }), 'unexpected response: 200'],
    ['the expiry is invalid', valid({ expiresAt: 'soon' }), 'unexpected response: 200'],
    [
      'the response is too large',
      answering(200, {}, 'x'.repeat(100_000)),
      'UND_ERR_RES_EXCEEDED_MAX_SIZE',
    ],
    ['connections break', breaking, 'UND_ERR_SOCKET'],
  ])('answers 503 if %s', async (_what, fault, reported) => {
    service.next(fault);
    const { get, errors } = await start();
    expectRefusal(await get(key), 'verification_unavailable');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain(reported);
    service.next(valid());
    expect((await get(key)).status).toBe(200);
  });

  test('answers 503 within the timeout if the service does not respond', async () => {
    service.next(silent);
    const { get, errors } = await start({ timeoutMs: 200 });
    const startedAt = performance.now();
    expectRefusal(await get(key), 'verification_unavailable');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(errors.map(({ message }) => message)).toEqual([
      'The key service did not respond in time.',
    ]);
  });

  test('answers 503 if the service is unreachable', async () => {
    const stopped = await startVerifyServer();
    await stopped.stop();
    const { get, errors } = await startGuarded({ verify: stopped.url });
    expectRefusal(await get(key), 'verification_unavailable');
    expect(errors.map(({ message }) => message)).toEqual([
      'The request to the key service failed: ECONNREFUSED.',
    ]);
  });

  test('answers no 503 when all keep-alive connections were dropped', async () => {
    const proxy = await startDroppingProxy(service.url);
    const { get, errors } = await startGuarded({ verify: proxy.url });
    const askMany = () =>
      Promise.all(Array.from({ length: 24 }, async () => (await get(makeKey())).status));
    for (let round = 0; round < 3; round++) {
      expect(await askMany()).toEqual(Array(24).fill(200));
      expect(proxy.open()).toBeGreaterThan(1);
      proxy.drop();
      service.received.length = 0;
    }
    expect(await askMany()).toEqual(Array(24).fill(200));
    expect(service.received, 'each key is looked up once').toHaveLength(24);
    expect(errors).toEqual([]);
  });

  test('answers no 503 when the service closes a keep-alive connection', async () => {
    const { get } = await start();
    await get(makeKey());
    service.next(breaking, valid());
    expect((await get(key)).status).toBe(200);
  });
});

test('refuses a cached key once it has expired, even if the service still responds with 200', async () => {
  const expiresAt = Math.ceil(Date.now() / 1000) + 1;
  service.next(valid({ expiresAt: new Date(expiresAt * 1000).toISOString() }));
  const { get } = await start();
  expect((await get(key)).status).toBe(200);
  await expect.poll(async () => (await get(key)).status, { timeout: 10_000 }).toBe(401);
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt * 1000);
});
