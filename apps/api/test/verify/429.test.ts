import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { getUser, newKey, verifyKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

async function start(settings: TestAppOptions['settings'] = {}) {
  const app = await startApp({ settings });
  onTestFinished(() => app.close());
  return app.url;
}

describe('calls with a key', () => {
  test.each([
    ['pioneer', 20],
    ['starter', 50],
    ['growth', 500],
    ['enterprise', 2000],
  ])('of %s have %i a minute', async (tier, limit) => {
    const url = await start();
    const before = Math.floor(Date.now() / 1000);
    const { headers } = await verifyKey(url, await newKey(url, 'owner', { tier }));
    expect(headers.get('x-ratelimit-limit')).toBe(String(limit));
    expect(headers.get('x-ratelimit-remaining')).toBe(String(limit - 1));
    const reset = Number(headers.get('x-ratelimit-reset'));
    expect(reset, 'in Unix seconds').toBeGreaterThan(before);
    expect(reset).toBeLessThanOrEqual(before + 62);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"key"; r=${limit - 1}; t=\\d+$`));
    expect(headers.get('ratelimit-policy')).toMatch(new RegExp(`^"key"; q=${limit}; w=60; pk=:.*:$`));
  });

  test('count over all keys of their owner together, and of nobody else', async () => {
    const url = await start();
    const claims = { tier: 'starter' };
    const keys = [await newKey(url, 'busy', claims, 'one'), await newKey(url, 'busy', claims, 'two')];
    for (let sent = 0; sent < 50; sent++) expect((await verifyKey(url, keys[sent % 2])).status).toBe(200);
    for (const key of keys) {
      const answer = await verifyKey(url, key);
      expectError(answer, 429, 'rate_limited');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    }
    expect((await verifyKey(url, await newKey(url, 'idle', claims))).status).toBe(200);
  });

  test('count apart from calls with a token', async () => {
    const url = await start();
    const key = await newKey(url, 'owner', { tier: 'pioneer' });
    const token = tokenFor('owner', { tier: 'pioneer' });
    for (let sent = 0; sent < 19; sent++) expect((await getUser(url, { token })).status).toBe(200);
    expect((await getUser(url, { token })).status).toBe(429);
    for (let sent = 0; sent < 20; sent++) expect((await verifyKey(url, key)).status).toBe(200);
    expect((await verifyKey(url, key)).status).toBe(429);
  });

  test('show the limit of the address where the key is not good', async () => {
    const url = await start({ ipRateLimitPerMinute: 7 });
    const { headers } = await verifyKey(url, makeKey());
    expect(headers.get('x-ratelimit-limit')).toBe('7');
    expect(headers.get('ratelimit')).toMatch(/^"address"; r=6; t=\d+$/);
    expect(headers.get('ratelimit-policy')).toMatch(/^"address"; q=7; w=60; pk=:.*:$/);
  });
});

describe("an address's requests", () => {
  test('are given back to good keys, and exhausted by others, whatever is wrong with those', async () => {
    const url = await start({ ipRateLimitPerMinute: 4 });
    const key = await newKey(url, 'owner');
    for (let sent = 0; sent < 12; sent++) expect((await verifyKey(url, key)).status).toBe(200);
    for (const bad of [makeKey(), 'sk-123', undefined]) expectError(await verifyKey(url, bad), 401, 'invalid_key');
    expect((await verifyKey(url, key)).status).toBe(200);
    expectError(await verifyKey(url, makeKey()), 401, 'invalid_key');

    const refused = await verifyKey(url, key);
    expectError(refused, 429, 'rate_limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-ratelimit-limit')).toBe('4');
  });

  test('are those of X-Forwarded-For as far as it is believed', async () => {
    const url = await start({ ipRateLimitPerMinute: 1, trustProxyHops: 1 });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `1.1.1.1, ${address}` } });
    expect((await verifyKey(url, makeKey(), from('9.9.9.9'))).status).toBe(401);
    expect((await verifyKey(url, makeKey(), from('9.9.9.9'))).status).toBe(429);
    expect((await verifyKey(url, makeKey(), from('8.8.8.8'))).status).toBe(401);
  });
});
