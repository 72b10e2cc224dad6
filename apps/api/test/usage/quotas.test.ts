import {
  deleteKey,
  getUsage,
  newKey,
  requestKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const day = 86_400_000;
const noon = Date.UTC(2025, 11, 5, 12);

/**
 * Starts the service with a controlled clock and a key of a pioneer, whose quotas are 500 requests
 * a day and 15,000 a month.
 */
async function start() {
  let now = noon;
  let monotonic = 0;
  const app = await startApp({ now: () => now, monotonicNow: () => monotonic });
  onTestFinished(() => app.close());
  const claims = (tier: string, more = {}) => ({
    tier,
    iat: now / 1000,
    exp: now / 1000 + 60,
    ...more,
  });
  const as = (tier: string, more = {}) => ({ token: tokenFor('owner', claims(tier, more)) });
  const key = await newKey(app.url, 'owner', claims('pioneer'), 'name');
  /**
   * Counts a number of requests with the key. Sends only the first request, and returns its
   * response.
   */
  const use = async (requests: number, with_ = key) => {
    const answer = await verifyKey(app.url, with_);
    if (answer.status === 200 && requests > 1) app.countUsage('owner', 'name', requests - 1);
    return answer;
  };
  return {
    ...app,
    key,
    use,
    as,
    pass: (milliseconds: number) => {
      now += milliseconds;
      monotonic += milliseconds;
    },
    consumed: async () => {
      await app.storeUsage();
      const { body } = await getUsage(app.url, as('pioneer'));
      return [body['daily_quota_consumed'], body['monthly_quota_consumed']];
    },
  };
}

describe('daily quota', () => {
  test('the daily quota allows exactly the requests of the tier, then 429 with the time until it resets', async () => {
    const { use, consumed } = await start();
    expect((await use(499)).status).toBe(200);
    expect((await use(1)).status).toBe(200);
    const answer = await use(1);
    expectError(answer, 429, 'quota_exceeded');
    expect(answer.body['details']).toMatch(
      /^Daily quota: .* Retry after the time in Retry-After\.$/,
    );
    expect(answer.headers.get('retry-after')).toBe('43200');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('20');
    expect(await consumed()).toEqual([500, 500]);
  });

  test('the daily quota does not count refused requests or usage reported with them', async () => {
    const { url, key, use, consumed } = await start();
    await use(500);
    const headers = { 'x-cached-answers': '10' };
    for (let sent = 0; sent < 5; sent++)
      expectError(await verifyKey(url, key, { headers }), 429, 'quota_exceeded');
    expect(await consumed()).toEqual([500, 500]);
  });

  test('responds with 401 to an invalid key although the daily quota is exceeded', async () => {
    const { url, key, use } = await start();
    await use(500);
    expectError(await verifyKey(url, `${key}x`), 401, 'invalid_key');
  });

  test('the daily quota resets with the next UTC day', async () => {
    const { use, pass } = await start();
    await use(500);
    pass(day / 2 - 1);
    const last = await use(1);
    expectError(last, 429, 'quota_exceeded');
    expect(last.headers.get('retry-after'), 'never 0').toBe('1');
    pass(1);
    expect((await use(1)).status).toBe(200);
  });

  test('the daily quota rises at once when the service receives a token with a higher tier', async () => {
    const { url, use, as, pass } = await start();
    await use(500);
    expectError(await use(1), 429, 'quota_exceeded');
    pass(1_000);
    const { body } = await getUsage(url, as('starter'));
    expect(body).toMatchObject({ daily_quota_limit: 2_500, subscription_tier: 'starter' });
    expect((await use(1)).status).toBe(200);
  });

  test('the daily quota is not reset by deleting a key and issuing its name again', async () => {
    const { url, use, as } = await start();
    await use(500);
    await deleteKey(url, { api_key_name: 'name' }, as('pioneer'));
    const { body } = await requestKey(url, { api_key_name: 'name' }, as('pioneer'));
    expectError(await use(1, body['api_key'] as string), 429, 'quota_exceeded');
  });

  test('the daily quota covers all keys of an owner and no others', async () => {
    const { url, use, as, pass } = await start();
    pass(1_000);
    const { body } = await requestKey(url, { api_key_name: 'second' }, as('starter'));
    await use(2_500);
    expectError(await use(1, body['api_key'] as string), 429, 'quota_exceeded');
    const others = await newKey(url, 'another owner', { iat: noon / 1000, exp: noon / 1000 + 60 });
    expect((await use(1, others)).status).toBe(200);
  });
});

describe('monthly quota', () => {
  test('the monthly quota is reported before the daily one, with the time until the month ends', async () => {
    const { use, consumed } = await start();
    await use(15_000);
    const answer = await use(1);
    expectError(answer, 429, 'quota_exceeded');
    expect(answer.body['details']).toMatch(/^Monthly quota: /);
    expect(answer.headers.get('retry-after')).toBe(String((Date.UTC(2026, 0, 1) - noon) / 1000));
    expect(await consumed()).toEqual([15_000, 15_000]);
  });

  test('the monthly quota holds across days and resets with the next month', async () => {
    const { use, pass, storeUsage } = await start();
    await use(15_000);
    await storeUsage();
    pass(26.5 * day - 1);
    await use(1); // Makes the service read the totals of the new day.
    await expect.poll(async () => (await use(1)).body['details']).toMatch(/^Monthly quota: /);
    pass(1);
    expect((await use(1)).status).toBe(200);
  });
});
