import {
  deleteKey,
  getDailyUsage,
  getUsage,
  getUser,
  newKey,
  rollKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('usage counting', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  /**
   * Stores the unreported usage. Returns the user's usage for this month, and by key name for
   * today.
   */
  async function usageOf(sub: string) {
    await app.storeUsage();
    const token = tokenFor(sub);
    const { body } = await getUsage(app.url, { token });
    const today = new Date().toISOString().slice(0, 10);
    const daily = await getDailyUsage(app.url, { start_date: today, end_date: today }, { token });
    const rows = daily.body['usage'] as { api_key_name: string; requests: number }[];
    return {
      total: body['monthly_quota_consumed'],
      byName: Object.fromEntries(
        rows.map(({ api_key_name, requests }) => [api_key_name, requests]),
      ),
    };
  }

  test('counts successful verifications by the name of the key', async () => {
    const [one, two] = [
      await newKey(app.url, 'names', {}, 'one'),
      await newKey(app.url, 'names', {}, 'two'),
    ];
    for (const key of [one, two, two]) expect((await verifyKey(app.url, key)).status).toBe(200);
    expect(await usageOf('names')).toEqual({ total: 3, byName: { one: 1, two: 2 } });
  });

  test('counts verifications with any method and path suffix', async () => {
    const key = await newKey(app.url, 'methods', {}, 'name');
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])
      await verifyKey(app.url, key, { method });
    await verifyKey(app.url, key, { path: '/api/v1/apikey/verify/a/b?c' });
    expect(await usageOf('methods')).toMatchObject({ total: 6 });
  });

  test('does not count refused verifications', async () => {
    const key = await newKey(app.url, 'refused', { tier: 'pioneer' }, 'name');
    await verifyKey(app.url, `${key}x`);
    const statuses: number[] = [];
    for (let sent = 0; sent < 25; sent++) statuses.push((await verifyKey(app.url, key)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
    await deleteKey(app.url, { api_key_name: 'name' }, { token: tokenFor('refused') });
    expect((await verifyKey(app.url, key)).status).toBe(401);
    expect(await usageOf('refused')).toEqual({ total: 20, byName: {} });
  });

  test('does not count requests with a token', async () => {
    await newKey(app.url, 'tokens', {}, 'name');
    await getUser(app.url, { token: tokenFor('tokens') });
    expect(await usageOf('tokens')).toEqual({ total: 0, byName: {} });
  });

  test('counts both secrets of a rolled key under its name', async () => {
    const before = await newKey(app.url, 'rolled', {}, 'name');
    const { body } = await rollKey(
      app.url,
      { api_key_name: 'name' },
      { token: tokenFor('rolled') },
    );
    for (const key of [before, body['api_key'] as string])
      expect((await verifyKey(app.url, key)).status).toBe(200);
    expect(await usageOf('rolled')).toEqual({ total: 2, byName: { name: 2 } });
  });

  test('continues the count of a name that is deleted and issued again', async () => {
    const token = tokenFor('again');
    await verifyKey(app.url, await newKey(app.url, 'again', {}, 'name'));
    await deleteKey(app.url, { api_key_name: 'name' }, { token });
    await verifyKey(app.url, await newKey(app.url, 'again', {}, 'name'));
    expect(await usageOf('again')).toEqual({ total: 2, byName: { name: 2 } });
  });

  test.each([
    ['0', 1],
    ['1', 2],
    ['007', 8],
    ['1999', 2_000],
    ['1000001', 1],
    ['9999999', 1],
    ['-1', 1],
    ['+1', 1],
    ['1.5', 1],
    ['1e3', 1],
    ['0x10', 1],
    ['', 1],
    ['abc', 1],
    ['3, 4', 1],
    ['\u0663', 1],
  ])('counts a verification with X-Cached-Answers %j as %i', async (value, counted) => {
    const sub = `report ${value}`;
    const key = await newKey(app.url, sub, { tier: 'enterprise' }, 'name');
    const headers = { 'x-cached-answers': Buffer.from(value).toString('latin1') };
    expect((await verifyKey(app.url, key, { headers })).status).toBe(200);
    expect(await usageOf(sub)).toEqual({ total: counted, byName: { name: counted } });
  });

  test.each([
    ['pioneer', 20],
    ['enterprise', 2_000],
  ])(
    'limits reported usage of a %s to the rest of its %i requests a minute',
    async (tier, perMinute) => {
      const sub = `millions ${tier}`;
      const key = await newKey(app.url, sub, { tier }, 'name');
      for (let sent = 0; sent < 3; sent++) expect((await verifyKey(app.url, key)).status).toBe(200);
      const headers = { 'x-cached-answers': '1000000' };
      const answer = await verifyKey(app.url, key, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
      expectError(await verifyKey(app.url, key, { headers }), 429, 'rate_limited');
      expect(await usageOf(sub)).toEqual({ total: perMinute, byName: { name: perMinute } });
    },
  );

  test('counts reported usage against the rate limit', async () => {
    const key = await newKey(app.url, 'minute', { tier: 'pioneer' }, 'name');
    const answer = await verifyKey(app.url, key, { headers: { 'x-cached-answers': '14' } });
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('5');
    expect(answer.headers.get('ratelimit')).toMatch(/^"key"; r=5; t=\d+$/);
    for (let sent = 0; sent < 5; sent++) expect((await verifyKey(app.url, key)).status).toBe(200);
    expect((await verifyKey(app.url, key)).status).toBe(429);
    expect(await usageOf('minute')).toMatchObject({ total: 20 });
  });

  test('ignores usage that is reported with an invalid key', async () => {
    const key = await newKey(app.url, 'bad report', {}, 'name');
    await verifyKey(app.url, `${key.slice(0, -1)}-`, { headers: { 'x-cached-answers': '100' } });
    expect(await usageOf('bad report')).toMatchObject({ total: 0 });
  });
});
