import { claimTier } from '@andamio/keys/claim-tier';
import type { TierClaim } from '@andamio/keys/model';
import { type KeyStore, StoreUnavailableError } from '@andamio/keys/store';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { type Tier, tiers } from '@andamio/schema/tiers';
import {
  deleteKey,
  getDailyUsage,
  getUsage,
  getUser,
  newKey,
  requestKey,
  rollKey,
  rotateKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { counterKey } from '../../src/counters/counters.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

/**
 * Starts a service with a key whose owner's tier is growth, according to a token issued at second
 * 100. Records each tier claim that is stored without a change to a key.
 */
async function start() {
  const store = createSqliteStore(':memory:', Date.now);
  const claims: TierClaim[] = [];
  const counting: KeyStore = {
    ...store,
    transact: (scope, decide) =>
      store.transact(scope, (view) => {
        const decision = decide(view);
        if (!('names' in scope)) {
          for (const change of decision.changes)
            if (change.type === 'put_owner') claims.push(change.owner.tierClaim);
        }
        return decision;
      }),
  };
  const app = await startApp({ store: counting });
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner', { tier: 'growth', iat: 100 });
  const tier = async () => (await verifyKey(app.url, key)).body['tier'];
  return { ...app, claims, tier };
}

const today = () => new Date().toISOString().slice(0, 10);

test('a read of /user/usage reads no keys to learn the tier', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const { url, close } = await startApp({
    store: { ...store, list: () => Promise.reject(new Error('The keys were read.')) },
  });
  onTestFinished(close);
  await newKey(url, 'owner', { tier: 'growth', iat: 100 });
  const { status, body } = await getUsage(url, {
    token: tokenFor('owner', { tier: 'pioneer', iat: 99 }),
  });
  expect(status).toBe(200);
  expect(body['daily_quota_limit'], 'the tier of the newest token').toBe(
    tiers.growth.requestsPerDay,
  );
});

test.each([
  ['/user/me', getUser],
  ['/user/usage', getUsage],
  [
    '/user/usage/daily',
    (url: string, options: { token: string }) =>
      getDailyUsage(url, { start_date: today(), end_date: today() }, options),
  ],
])('a read of %s makes the tier of the newest token apply to keys', async (_, read) => {
  const { url, claims, tier } = await start();
  const as = (name: string, iat: number) =>
    read(url, { token: tokenFor('owner', { tier: name, iat }) });
  expect((await as('growth', 300)).status).toBe(200);
  expect((await as('pioneer', 200)).status).toBe(200);
  expect(await tier()).toBe('growth');
  await as('pioneer', 301);
  expect(await tier()).toBe('pioneer');
  expect(claims).toHaveLength(2);
});

test('stores the tier claim of a token once, however many requests it makes', async () => {
  const { url, claims } = await start();
  const newer = tokenFor('owner', { tier: 'growth', iat: 300 });
  const older = tokenFor('owner', { tier: 'pioneer', iat: 200 });
  for (const token of [newer, newer, older, newer, older]) await getUser(url, { token });
  expect(claims).toHaveLength(1);
});

test('applies the last of several tokens issued in the same second, and stores it once', async () => {
  const { url, claims } = await start();
  const key = await newKey(url, 'other', { tier: 'growth', iat: 100 });
  const token = tokenFor('other', { tier: 'starter', iat: 100 });
  for (let asked = 0; asked < 3; asked++) await getUser(url, { token });
  expect(claims).toEqual([{ tier: 'starter', issuedAt: 100 }]);
  expect((await verifyKey(url, key)).body['tier']).toBe('starter');
});

test('shows the new tier and its maximum to a token from before a downgrade', async () => {
  const { url } = await start();
  const after = tokenFor('owner', { tier: 'pioneer', iat: 300 });
  await getUser(url, { token: after });
  const before = { token: tokenFor('owner', { tier: 'enterprise', iat: 200 }) };
  expect((await getUser(url, before)).body['tier']).toBe('pioneer');
  expect((await getUsage(url, before)).body).toMatchObject({
    subscription_tier: 'pioneer',
    daily_quota_limit: 500,
  });
  const refused = await requestKey(url, { api_key_name: 'second' }, before);
  expect([refused.status, refused.headers.get('x-error-code')]).toEqual([429, 'key_limit_reached']);
});

test('applies the new rate limit to a token from before a downgrade once an instance has read the newer claim', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const [first, other] = [await startApp({ store }), await startApp({ store })];
  onTestFinished(async () => {
    for (const app of [first, other]) await app.close();
  });
  const limitOf = async (url: string, name: string, iat: number) =>
    (await getUser(url, { token: tokenFor('owner', { tier: name, iat }) })).headers.get(
      'x-ratelimit-limit',
    );
  await newKey(first.url, 'owner', { tier: 'growth', iat: 100 });
  expect(await limitOf(first.url, 'growth', 100)).toBe('500');
  expect(await limitOf(first.url, 'pioneer', 300)).toBe('20');
  expect(await limitOf(first.url, 'growth', 100)).toBe('20');

  // The other instance learns the newer claim when it reads the owner for this request.
  expect(await limitOf(other.url, 'growth', 100)).toBe('20');
  expect(await limitOf(other.url, 'starter', 301)).toBe('50');
});

describe('the rate limit of a token from before an operator set the tier', () => {
  /** Starts a service, and returns functions that act for the same owner. */
  async function startWithAdministration(read?: () => Promise<never>) {
    const store = createSqliteStore(':memory:', Date.now);
    const userCounters = new MemoryCounters(systemClock, rateLimitWindow);
    let now = 1;
    let reads = 0;
    const app = await startApp({
      store: {
        ...store,
        readTierClaim(userId) {
          reads++;
          return read === undefined ? store.readTierClaim(userId) : read();
        },
      },
      monotonicNow: () => now,
      createCounters: (name, window) =>
        name === 'user' ? userCounters : new MemoryCounters(systemClock, window),
    });
    onTestFinished(() => app.close());
    return {
      ...app,
      userCounters,
      reads: () => reads,
      pass: (milliseconds: number) => {
        now += milliseconds;
      },
      setTier: (tier: Tier) =>
        claimTier(store, { userId: 'owner', tierClaim: { tier, issuedAt: 200 }, now: 200 }),
    };
  }
  const noKey = { api_key_name: 'no key' };

  test.each([
    [
      'request',
      (url: string, token: string) => requestKey(url, { api_key_name: 'taken' }, { token }),
    ],
    ['rotate', (url: string, token: string) => rotateKey(url, noKey, { token })],
    ['roll', (url: string, token: string) => rollKey(url, noKey, { token })],
    ['delete', (url: string, token: string) => deleteKey(url, noKey, { token })],
  ])('is lowered by a call of %s, in the same answer', async (_, call) => {
    const { url, setTier, reads } = await startWithAdministration();
    const token = tokenFor('owner', { tier: 'enterprise', iat: 100 });
    await requestKey(url, { api_key_name: 'taken' }, { token });
    await setTier('pioneer');
    const { headers } = await call(url, token);
    expect(headers.get('x-ratelimit-limit')).toBe('20');
    expect(headers.get('x-ratelimit-remaining')).toBe('18');
    expect(headers.get('ratelimit-policy')).toMatch(/^"user"; q=20;/);
    expect(reads()).toBe(0);
  });

  test('is raised before a request is refused', async () => {
    const { url, setTier } = await startWithAdministration();
    const token = tokenFor('owner', { tier: 'pioneer', iat: 100 });
    await requestKey(url, { api_key_name: 'first' }, { token });
    await setTier('enterprise');
    // Requests that do not read the owner.
    for (let sent = 0; sent < 19; sent++)
      expectError(await requestKey(url, {}, { token }), 400, 'missing_field');
    const { status, headers } = await requestKey(url, { api_key_name: 'second' }, { token });
    expect([status, headers.get('x-ratelimit-limit')]).toEqual([200, '2000']);
  });

  test('costs one read of the store in ten seconds for requests that are refused', async () => {
    const { url, setTier, reads, pass } = await startWithAdministration();
    const token = tokenFor('owner', { tier: 'pioneer', iat: 100 });
    await requestKey(url, { api_key_name: 'first' }, { token });
    const ask = () => requestKey(url, {}, { token });
    for (let sent = 0; sent < 19; sent++) await ask();
    expect(reads()).toBe(0);
    for (const { status } of await Promise.all(Array.from({ length: 10 }, ask)))
      expect(status).toBe(429);
    expect(reads()).toBe(1);
    await setTier('growth');
    pass(10_000);
    expect((await ask()).status).toBe(429);
    pass(1);
    expect((await ask()).status).toBe(400);
    expect(reads()).toBe(2);
  });

  test('costs no read if the tier has the highest limit or is unknown', async () => {
    const { url, reads, userCounters } = await startWithAdministration();
    for (const tier of ['gold', 'enterprise']) {
      const ask = () => requestKey(url, {}, { token: tokenFor(tier, { tier }) });
      await ask();
      userCounters.add(counterKey(tier), 2000);
      expectError(await ask(), 429, 'rate_limited');
    }
    expect(reads()).toBe(0);
  });

  test('stays as it is while the store does not respond', async () => {
    const { url } = await startWithAdministration(() =>
      Promise.reject(new StoreUnavailableError('The store is down.')),
    );
    const ask = () => requestKey(url, {}, { token: tokenFor('owner', { tier: 'pioneer' }) });
    for (let sent = 0; sent < 20; sent++) await ask();
    expectError(await ask(), 429, 'rate_limited');
  });
});
