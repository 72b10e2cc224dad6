import type { FoundKey } from '@andamio/keys/model';
import type { KeyStore } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { getUser, newKey, requestKey, verifyKey } from '@andamio/testing/service-requests';
import { jwtSecret, tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import type { KeyVerifier } from '@andamio/verification/verify-key';
import { expect, onTestFinished, test } from 'vitest';
import { secretKeys, type VerificationKeys } from '../../src/auth/signing-keys.ts';
import { systemClock } from '../../src/clock.ts';
import type { Counters } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { createAuthentication } from '../../src/http/authenticate.ts';
import type { Exchange } from '../../src/http/exchange.ts';
import { addressKey, limitAddresses, RequestCount } from '../../src/http/limits/limit.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

/**
 * Starts a service whose address limit is 10 requests a minute. Verifications of credentials wait
 * until the test calls `release`.
 */
async function start(settings: TestAppOptions['settings'] = {}) {
  const addresses = new MemoryCounters(systemClock, 60_000);
  const released = Promise.withResolvers<void>();
  let waiting = 0;
  const wait = async () => {
    waiting++;
    await released.promise;
  };
  const store = createSqliteStore(':memory:', Date.now);
  const slow: KeyStore = {
    ...store,
    async find(ids) {
      await wait();
      return store.find(ids);
    },
  };
  const signingKeys: VerificationKeys = {
    algorithms: ['HS256'],
    async *find(signedBy) {
      await wait();
      yield* secretKeys([jwtSecret]).find(signedBy);
    },
  };
  const options: TestAppOptions = {
    settings: { ipRateLimitPerMinute: 10, ...settings },
    createCounters: (name, window) =>
      name === 'address' ? addresses : new MemoryCounters(systemClock, window),
  };
  const app = await startApp({ ...options, store: slow, signingKeys });
  // Issues keys without waiting.
  const issuer = await startApp({ store });
  onTestFinished(async () => {
    await app.close();
    await issuer.close();
  });
  return {
    url: app.url,
    newKey: (userId: string) => newKey(issuer.url, userId),
    release: () => released.resolve(),
    untilWaiting: (count: number) => waitFor('credentials to be verified', () => waiting === count),
    waiting: () => waiting,
    counted: () => addresses.get(addressKey('127.0.0.1'))?.totalHits ?? 0,
  };
}

const statusesOf = (answers: readonly { readonly status: number }[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]),
  );

test('requests that are refused while tokens are verified leave no count for the rest of the minute', async () => {
  const { url, release, untilWaiting, counted } = await start();
  let answered = 0;
  const asking = Array.from({ length: 30 }, async (_, index) => {
    const answer = await getUser(url, { token: tokenFor(`user ${index}`) });
    answered++;
    return answer;
  });
  await untilWaiting(10);
  await waitFor('the other requests to be refused', () => answered === 20);
  release();
  expect(statusesOf(await Promise.all(asking))).toEqual({ 200: 10, 429: 20 });
  expect(counted()).toBe(0);
  expect((await getUser(url, { token: tokenFor('later') })).status).toBe(200);
});

test('concurrent requests with one key that is looked up are all answered', async () => {
  const service = await start();
  const key = await service.newKey('busy');
  const asking = Array.from({ length: 15 }, () => verifyKey(service.url, key));
  await service.untilWaiting(1);
  expect(service.counted()).toBe(1);
  service.release();
  expect(statusesOf(await Promise.all(asking))).toEqual({ 200: 15 });
  expect([service.waiting(), service.counted()]).toEqual([1, 0]);
});

test('concurrent requests with one unknown key are counted when it is refused', async () => {
  const service = await start();
  const key = makeKey();
  const asking = Array.from({ length: 30 }, () => verifyKey(service.url, key));
  await service.untilWaiting(1);
  service.release();
  expect(statusesOf(await Promise.all(asking))).toEqual({ 401: 10, 429: 20 });
  expect([service.waiting(), service.counted()]).toEqual([1, 10]);
});

test('a key is not looked up for requests beyond the limit that arrive while they are counted', async () => {
  const memory = new MemoryCounters(systemClock, 60_000);
  const counted = Promise.withResolvers<void>();
  const counters: Counters = {
    increment: (key, requests, maximum) =>
      counted.promise.then(() => memory.increment(key, requests, maximum)),
    get: (key) => memory.get(key),
    decrement: (key) => memory.decrement(key),
    resetKey: (key) => memory.resetKey(key),
  };
  let lookups = 0;
  const authentication = createAuthentication({
    addressLimit: limitAddresses(0, { createCounters: () => counters, clock: systemClock }),
    isGuard: () => false,
    verifyToken: () => Promise.reject(new Error('No token is sent.')),
    verifier: {
      wasValid: () => false,
      verify: () => void lookups++,
      refusalReason: () => 'unknown_key',
    } as unknown as KeyVerifier<FoundKey>,
  });
  const exchange = { request: { headers: { 'x-api-key': makeKey() } }, address: '192.0.2.1' };
  const asking = [0, 1].map(() =>
    authentication.key(exchange as unknown as Exchange, new RequestCount()),
  );
  counted.resolve();
  for (const refused of asking)
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited' });
  expect(lookups).toBe(0);
});

test('the count of an address never exceeds its maximum, whatever refuses its requests', async () => {
  const service = await start();
  service.release();
  const { url } = service;
  const token = tokenFor('busy', { tier: 'pioneer' });
  for (let sent = 0; sent < 25; sent++) await requestKey(url, {}, { token });
  expect(service.counted(), 'refusals of the limit of the user').toBe(5);
  for (let sent = 0; sent < 20; sent++) await requestKey(url, {}, { token });
  expect(service.counted()).toBe(10);
  for (const path of ['/nothing', '/', '/api/v1/docs/doc.json'])
    for (let sent = 0; sent < 3; sent++) expect((await fetch(`${url}${path}`)).status).toBe(429);
  expectError(await verifyKey(url, makeKey()), 429, 'rate_limited');
  expectError(await getUser(url, { token: 'bad' }), 429, 'rate_limited');
  expect(service.counted()).toBe(10);
});
