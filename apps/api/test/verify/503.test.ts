import { type KeyStore, StoreUnavailableError } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { startEmulator } from '@andamio/testing/emulator';
import { startProcess, untilReady } from '@andamio/testing/service-process';
import { newKey, verifyKey } from '@andamio/testing/service-requests';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { firestoreSettings } from '../harness/stores.ts';

/**
 * Starts the service with a store that can fail or respond late, and a monotonic clock. The test
 * controls both.
 */
async function startFailing(settings: TestAppOptions['settings'] = {}) {
  const store = createSqliteStore(':memory:', Date.now);
  const state = {
    failure: undefined as Error | undefined,
    /** Lookups wait for this promise. */
    untilResponse: Promise.resolve(),
    monotonic: 1_000_000,
    reads: 0,
  };
  const failing: KeyStore = {
    ...store,
    async find(ids) {
      state.reads++;
      await state.untilResponse;
      if (state.failure) throw state.failure;
      return store.find(ids);
    },
  };
  const app = await startApp({
    store: failing,
    monotonicNow: () => state.monotonic,
    settings,
  });
  onTestFinished(() => app.close());
  return { app, state };
}

describe('verification while the store is down', () => {
  test('verify uses a cached result until its maximum age, returns the remaining time, then responds with 503', async () => {
    const { app, state } = await startFailing();
    const key = await newKey(app.url, 'owner');
    const left = async () => (await verifyKey(app.url, key)).headers.get('cache-control');
    expect(await left()).toBe('private, max-age=10');
    state.failure = new StoreUnavailableError('password hunter2');
    state.monotonic += 4_500;
    expect(await left()).toBe('private, max-age=5');
    state.monotonic += 5_499;
    expect(await left()).toBe('private, max-age=0, max-age-ms=1');
    state.monotonic += 1;
    const answer = await verifyKey(app.url, key);
    expectError(answer, 503, 'verification_unavailable');
    expect(answer.body['details']).toMatch(
      /^The key store did not respond\. The key was not verified\. Request id: /,
    );
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');

    state.failure = undefined;
    expect(await left(), 'a failure is not cached').toBe('private, max-age=10');
  });

  test('verify responds with 503 to an uncached key and 401 to a malformed one while the store is down', async () => {
    const { app, state } = await startFailing();
    const key = await newKey(app.url, 'owner');
    state.failure = new StoreUnavailableError('down');
    expectError(await verifyKey(app.url, key), 503, 'verification_unavailable');
    expectError(await verifyKey(app.url, makeKey()), 503, 'verification_unavailable');
    expectError(await verifyKey(app.url, `${key}x`), 401, 'invalid_key');
    await expect
      .poll(() => app.logged.filter((line) => line.includes('"severity":"ERROR"')))
      .toHaveLength(2);
  });

  test('verify responds with the same header names to a key that was valid and to an unknown one', async () => {
    const { app, state } = await startFailing();
    const key = await newKey(app.url, 'owner');
    expect((await verifyKey(app.url, key)).status).toBe(200);
    state.failure = new StoreUnavailableError('down');
    state.monotonic += 11_000;
    const answers = [await verifyKey(app.url, key), await verifyKey(app.url, makeKey())];
    const [known, unknown] = answers.map(({ headers }) => [...headers.keys()]);
    for (const answer of answers) expectError(answer, 503, 'verification_unavailable');
    expect(known).toEqual(unknown);
    expect(known).toContain('x-ratelimit-limit');
  });

  test('verify responds with 503 to a key whose lookup took longer than the maximum age', async () => {
    const { app, state } = await startFailing();
    const key = await newKey(app.url, 'owner');
    const { promise, resolve } = Promise.withResolvers<void>();
    state.untilResponse = promise;
    const answer = verifyKey(app.url, key);
    await expect.poll(() => state.reads).toBe(1);
    state.monotonic += 10_000;
    resolve();
    expectError(await answer, 503, 'verification_unavailable');
    expect((await verifyKey(app.url, key)).status, 'the late result is not cached').toBe(200);
    expect(state.reads).toBe(2);
  });

  test.each([
    ['an unknown key', () => makeKey()],
    ['a key that was valid before', (valid: string) => valid],
  ])(
    'verify does not count %s that could not be looked up against the address limit',
    async (_which, keyOf) => {
      const { app, state } = await startFailing({ ipRateLimitPerMinute: 3 });
      const key = await newKey(app.url, 'owner');
      expect((await verifyKey(app.url, key)).status).toBe(200);
      state.failure = new StoreUnavailableError('down');
      state.monotonic += 10_000;
      for (let sent = 0; sent < 5; sent++)
        expectError(await verifyKey(app.url, keyOf(key)), 503, 'verification_unavailable');

      state.failure = undefined;
      for (let sent = 0; sent < 3; sent++)
        expectError(await verifyKey(app.url, makeKey()), 401, 'invalid_key');
      expectError(await verifyKey(app.url, makeKey()), 429, 'rate_limited');
    },
  );

  test('verify starts at most ten lookups a second while the store is down, and verifies keys as soon as it is up', async () => {
    const { app, state } = await startFailing({ ipRateLimitPerMinute: 3 });
    const key = await newKey(app.url, 'owner');
    state.failure = new StoreUnavailableError('down');
    const verifyUnknown = async (times: number) => {
      for (let sent = 0; sent < times; sent++)
        expectError(await verifyKey(app.url, makeKey()), 503, 'verification_unavailable');
    };
    await verifyUnknown(30);
    expect(state.reads, 'until the store counts as down').toBe(10);
    for (let second = 0; second < 10; second++) {
      state.monotonic += 100;
      await verifyUnknown(3);
    }
    expect(state.reads).toBe(20);
    expectError(await verifyKey(app.url, `${key}x`), 401, 'invalid_key');
    const failed = () => app.logged.filter((line) => line.includes('"severity":"ERROR"'));
    await expect.poll(failed).toHaveLength(60);
    expect(failed().filter((line) => !line.includes('Error: down'))).toEqual([]);

    state.failure = undefined;
    state.monotonic += 100;
    expect((await verifyKey(app.url, key)).status).toBe(200);
    for (let sent = 0; sent < 2; sent++)
      expectError(await verifyKey(app.url, makeKey()), 401, 'invalid_key');
  });

  test('verify responds with 500 without internals to an unexpected error', async () => {
    const { app, state } = await startFailing();
    state.failure = new TypeError('password hunter2');
    const answer = await verifyKey(app.url, makeKey());
    expectError(answer, 500, 'internal');
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
  });
});

test('verify reads the store once for concurrent requests with a key, and never for a malformed key', async () => {
  const { app, state } = await startFailing();
  const key = await newKey(app.url, 'owner');
  const answers = await Promise.all(Array.from({ length: 50 }, () => verifyKey(app.url, key)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(state.reads).toBe(1);
  await verifyKey(app.url, `${key}x`);
  expect(state.reads).toBe(1);
  const unknown = makeKey();
  for (let asked = 0; asked < 5; asked++) await verifyKey(app.url, unknown);
  expect(state.reads, 'an unknown key is cached too').toBe(2);
});

test.skipIf(inject('emulatorHost') === undefined)(
  'verify uses cached results while Firestore hangs, then responds with 503 in time, and recovers',
  async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.stop());
    const service = await startProcess({
      ...firestoreSettings(emulator.host),
      VERIFY_CACHE_SECONDS: '3',
    });
    onTestFinished(() => service.signal('SIGKILL'));
    await untilReady(service);
    // Several owners take turns, because one owner is limited to 2,000 requests a minute.
    const known: { readonly key: string; readonly since: number }[] = [];
    for (let owner = 0; owner < 10; owner++) {
      const key = await newKey(service.url, `owner ${owner}`);
      expect((await verifyKey(service.url, key)).status).toBe(200);
      known.push({ key, since: performance.now() });
    }
    emulator.signal('SIGSTOP');
    for (let status = 200, turn = 0; status === 200; turn++) {
      const { key, since } = known[turn % known.length] as (typeof known)[0];
      const asked = performance.now();
      const answer = await verifyKey(service.url, key);
      if (answer.status === 200) expect(asked - since).toBeLessThan(3_000);
      else expectError(answer, 503, 'verification_unavailable');
      expect(performance.now() - asked).toBeLessThan(10_000);
      status = answer.status;
    }
    emulator.signal('SIGCONT');
    const isGood = async () => (await verifyKey(service.url, known[0]?.key)).status === 200;
    await waitFor('a key to be good again', isGood);
  },
);
