import type { KeyStore } from '@andamio/keys/store';
import { deleteKey, getUsage, requestKey } from '@andamio/testing/service-requests';
import { addition } from '@andamio/testing/store/commands';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';

const evening = Date.UTC(2025, 7, 31, 23, 59, 59, 999);

describe('GET /api/v1/user/usage', () => {
  let app: TestApp;
  let store: KeyStore;
  let now = evening;
  beforeAll(async () => {
    store = createSqliteStore(':memory:', () => now);
    app = await startApp({ store, now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, claims = {}) => ({
    token: tokenFor(sub, { iat: 0, exp: now / 1000 + 60, ...claims }),
  });
  const use = (userId: string, requests: number, day = '2025-08-31') =>
    store.addUsage(addition({ name: requests }, { userId, day }));

  test.each([
    ['pioneer', 500, 15_000, '20 req/min'],
    ['starter', 2_500, 75_000, '50 req/min'],
    ['growth', 25_000, 750_000, '500 req/min'],
    ['enterprise', 100_000, 999_999, '2000 req/min'],
  ])(
    '/user/usage returns the quotas of %s in exactly nine fields before any use',
    async (tier, day, month, rate) => {
      const { status, body, headers } = await getUsage(app.url, as(`new ${tier}`, { tier }));
      expect(body).toEqual({
        daily_quota_consumed: 0,
        daily_quota_limit: day,
        monthly_quota_consumed: 0,
        monthly_quota_limit: month,
        remaining_daily: day,
        remaining_monthly: month,
        rate_limit_windows: [rate],
        subscription_tier: tier,
        expiration: null,
      });
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  test('/user/usage returns consumed and remaining requests of the day and the month', async () => {
    await use('used', 7, '2025-08-01');
    await use('used', 5);
    expect((await getUsage(app.url, as('used', { tier: 'pioneer' }))).body).toMatchObject({
      daily_quota_consumed: 5,
      monthly_quota_consumed: 12,
      remaining_daily: 495,
      remaining_monthly: 14_988,
    });
  });

  test('/user/usage starts from zero with each UTC day and month', async () => {
    await use('midnight', 5);
    now = evening;
    const consumed = async () => {
      const { body } = await getUsage(app.url, as('midnight'));
      return [body['daily_quota_consumed'], body['monthly_quota_consumed']];
    };
    expect(await consumed()).toEqual([5, 5]);
    now = evening + 1;
    expect(await consumed()).toEqual([0, 0]);
    await use('midnight', 2, '2025-09-01');
    expect(await consumed()).toEqual([2, 2]);
    now = evening;
  });

  test('/user/usage never returns negative remaining requests after a downgrade', async () => {
    await use('lowered', 20_000);
    expect((await getUsage(app.url, as('lowered', { tier: 'pioneer' }))).body).toMatchObject({
      daily_quota_consumed: 20_000,
      monthly_quota_consumed: 20_000,
      remaining_daily: 0,
      remaining_monthly: 0,
    });
  });

  test('/user/usage is not reset by deleting a key or issuing its name again', async () => {
    await requestKey(app.url, { api_key_name: 'name' }, as('again'));
    await use('again', 5);
    await deleteKey(app.url, { api_key_name: 'name' }, as('again'));
    expect((await getUsage(app.url, as('again'))).body['daily_quota_consumed']).toBe(5);
    await requestKey(app.url, { api_key_name: 'name' }, as('again'));
    expect((await getUsage(app.url, as('again'))).body['daily_quota_consumed']).toBe(5);
  });

  test("/user/usage never returns another user's numbers, whatever the query and headers contain", async () => {
    await use('victim', 5);
    const response = await fetch(`${app.url}/api/v1/user/usage?user_id=victim&sub=victim`, {
      headers: {
        authorization: `Bearer ${as('curious').token}`,
        'x-user-id': 'victim',
        cookie: 'sub=victim',
      },
    });
    expect(await response.json()).toMatchObject({
      daily_quota_consumed: 0,
      monthly_quota_consumed: 0,
    });
  });

  test('/user/usage makes the tier of a newer token apply to keys', async () => {
    const issued = await requestKey(
      app.url,
      { api_key_name: 'raised' },
      as('raised', { tier: 'pioneer', iat: 1 }),
    );
    expect(issued.status).toBe(200);
    await getUsage(app.url, as('raised', { tier: 'growth', iat: 2 }));
    expect((await store.list('raised', 0)).tierClaim).toEqual({ tier: 'growth', issuedAt: 2 });
  });

  test('/user/usage responds to HEAD like to GET without the body', async () => {
    const headers = { authorization: `Bearer ${as('head').token}` };
    const response = await fetch(`${app.url}/api/v1/user/usage`, { method: 'HEAD', headers });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
