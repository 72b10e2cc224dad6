import { expect, onTestFinished, test } from 'vitest';
import type { ClaimTierCommand } from '../../src/keys/store.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp } from '../harness/app.ts';
import { getDailyUsage, getUsage, getUser, newKey, requestKey, verifyKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

/** A service with a key of growth whose token is of the second 100, and what reads had it write since. */
async function start() {
  const store = createSqliteStore(':memory:', Date.now);
  const claims: ClaimTierCommand[] = [];
  const counting = {
    ...store,
    claimTier: (command: ClaimTierCommand) => {
      claims.push(command);
      return store.claimTier(command);
    },
  };
  const app = await startApp({ store: counting });
  onTestFinished(() => app.close());
  const key = await newKey(app.url, 'owner', { tier: 'growth', iat: 100 });
  const tier = async () => (await verifyKey(app.url, key)).body['tier'];
  return { ...app, claims, tier };
}

const today = () => new Date().toISOString().slice(0, 10);

test.each([
  ['/user/me', getUser],
  ['/user/usage', getUsage],
  [
    '/user/usage/daily',
    (url: string, options: { token: string }) =>
      getDailyUsage(url, { start_date: today(), end_date: today() }, options),
  ],
])(
  'keys are held to the tier of the newest token, also where it named the same as the one before: %s',
  async (_, read) => {
    const { url, claims, tier } = await start();
    const as = (name: string, iat: number) => read(url, { token: tokenFor('owner', { tier: name, iat }) });
    expect((await as('growth', 300)).status).toBe(200);
    expect((await as('pioneer', 200)).status).toBe(200);
    expect(await tier()).toBe('growth');
    await as('pioneer', 301);
    expect(await tier()).toBe('pioneer');
    expect(claims).toHaveLength(2);
  },
);

test('a token is written once, however often it is read with', async () => {
  const { url, claims } = await start();
  const newer = tokenFor('owner', { tier: 'growth', iat: 300 });
  const older = tokenFor('owner', { tier: 'pioneer', iat: 200 });
  for (const token of [newer, newer, older, newer, older]) await getUser(url, { token });
  expect(claims).toHaveLength(1);
});

test('of tokens of the same second the one counts that came last, and is written once', async () => {
  const { url, claims } = await start();
  const key = await newKey(url, 'other', { tier: 'growth', iat: 100 });
  const token = tokenFor('other', { tier: 'starter', iat: 100 });
  for (let asked = 0; asked < 3; asked++) await getUser(url, { token });
  expect(claims.map(({ tierClaim }) => tierClaim)).toEqual([{ tier: 'starter', issuedAt: 100 }]);
  expect((await verifyKey(url, key)).body['tier']).toBe('starter');
});

test('a token from before a downgrade gets the new tier: shown, and for the number of keys', async () => {
  const { url } = await start();
  const after = tokenFor('owner', { tier: 'pioneer', iat: 300 });
  await getUser(url, { token: after });
  const before = { token: tokenFor('owner', { tier: 'enterprise', iat: 200 }) };
  expect((await getUser(url, before)).body['tier']).toBe('pioneer');
  expect((await getUsage(url, before)).body).toMatchObject({ subscription_tier: 'pioneer', daily_quota_limit: 500 });
  const refused = await requestKey(url, { api_key_name: 'second' }, before);
  expect([refused.status, refused.headers.get('x-error-code')]).toEqual([429, 'key_limit_reached']);
});

test('a token from before a downgrade gets the new limit a minute once the newer claim was seen: in a token, or in the store', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const [first, other] = [await startApp({ store }), await startApp({ store })];
  onTestFinished(async () => {
    for (const app of [first, other]) await app.close();
  });
  const limitOf = async (url: string, name: string, iat: number) =>
    (await getUser(url, { token: tokenFor('owner', { tier: name, iat }) })).headers.get('x-ratelimit-limit');
  await newKey(first.url, 'owner', { tier: 'growth', iat: 100 });
  expect(await limitOf(first.url, 'growth', 100)).toBe('500');
  expect(await limitOf(first.url, 'pioneer', 300)).toBe('20');
  expect(await limitOf(first.url, 'growth', 100)).toBe('20');

  // The other instance knows nothing before its first read.
  expect(await limitOf(other.url, 'growth', 100)).toBe('500');
  expect(await limitOf(other.url, 'growth', 100)).toBe('20');
  expect(await limitOf(other.url, 'starter', 301)).toBe('50');
});
