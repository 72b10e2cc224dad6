import type { TierClaim } from '@andamio/keys/model';
import type { KeyStore } from '@andamio/keys/store';
import { tiers } from '@andamio/schema/tiers';
import {
  getDailyUsage,
  getUsage,
  getUser,
  newKey,
  requestKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';

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

test('applies the new rate limit to a token from before a downgrade once an instance knows the newer claim', async () => {
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

  // The first request has the old limit. The other instance learns the newer claim only when it
  // reads the owner from the store for this request.
  expect(await limitOf(other.url, 'growth', 100)).toBe('500');
  expect(await limitOf(other.url, 'growth', 100)).toBe('20');
  expect(await limitOf(other.url, 'starter', 301)).toBe('50');
});
