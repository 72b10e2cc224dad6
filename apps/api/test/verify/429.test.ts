import { makeKey } from '@andamio/schema/key-format';
import { deleteKey, getUser, newKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

async function start(settings: TestAppOptions['settings'] = {}) {
  const app = await startApp({ settings });
  onTestFinished(() => app.close());
  return app.url;
}

describe('rate limit of verify', () => {
  test.each([
    ['pioneer', 20],
    ['starter', 50],
    ['growth', 500],
    ['enterprise', 2000],
  ])('verify allows the keys of a %s %i requests a minute', async (tier, limit) => {
    const url = await start();
    const before = Math.floor(Date.now() / 1000);
    const { headers } = await verifyKey(url, await newKey(url, 'owner', { tier }));
    expect(headers.get('x-ratelimit-limit')).toBe(String(limit));
    expect(headers.get('x-ratelimit-remaining')).toBe(String(limit - 1));
    const reset = Number(headers.get('x-ratelimit-reset'));
    expect(reset, 'in Unix seconds').toBeGreaterThan(before);
    expect(reset).toBeLessThanOrEqual(before + 62);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"key"; r=${limit - 1}; t=\\d+$`));
    expect(headers.get('ratelimit-policy')).toMatch(
      new RegExp(`^"key"; q=${limit}; w=60; pk=:.*:$`),
    );
  });

  test('verify counts all keys of an owner together', async () => {
    const url = await start();
    const claims = { tier: 'starter' };
    const keys = [
      await newKey(url, 'busy', claims, 'one'),
      await newKey(url, 'busy', claims, 'two'),
    ];
    for (let sent = 0; sent < 50; sent++)
      expect((await verifyKey(url, keys[sent % 2])).status).toBe(200);
    for (const key of keys) {
      const answer = await verifyKey(url, key);
      expectError(answer, 429, 'rate_limited');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    }
    expect((await verifyKey(url, await newKey(url, 'idle', claims))).status).toBe(200);
  });

  test('verify counts requests with a key separately from requests with a token', async () => {
    const url = await start();
    const key = await newKey(url, 'owner', { tier: 'pioneer' });
    const token = tokenFor('owner', { tier: 'pioneer' });
    for (let sent = 0; sent < 19; sent++) expect((await getUser(url, { token })).status).toBe(200);
    expect((await getUser(url, { token })).status).toBe(429);
    for (let sent = 0; sent < 20; sent++) expect((await verifyKey(url, key)).status).toBe(200);
    expect((await verifyKey(url, key)).status).toBe(429);
  });

  test('verify returns the limit of the address for an invalid key', async () => {
    const url = await start({ ipRateLimitPerMinute: 7 });
    const { headers } = await verifyKey(url, makeKey());
    expect(headers.get('x-ratelimit-limit')).toBe('7');
    expect(headers.get('ratelimit')).toMatch(/^"address"; r=6; t=\d+$/);
    expect(headers.get('ratelimit-policy')).toMatch(/^"address"; q=7; w=60; pk=:.*:$/);
  });
});

describe('address limit of verify', () => {
  const verifyUnknown = async (url: string, times: number) => {
    for (let sent = 0; sent < times; sent++)
      expectError(await verifyKey(url, makeKey()), 401, 'invalid_key');
  };

  test('verify refunds the address for valid keys and counts all invalid ones', async () => {
    const url = await start({ ipRateLimitPerMinute: 4 });
    const key = await newKey(url, 'owner');
    for (let sent = 0; sent < 12; sent++) expect((await verifyKey(url, key)).status).toBe(200);
    for (const bad of [makeKey(), 'sk-123', undefined])
      expectError(await verifyKey(url, bad), 401, 'invalid_key');
    expect((await verifyKey(url, key)).status).toBe(200);
    expectError(await verifyKey(url, makeKey()), 401, 'invalid_key');

    const refused = await verifyKey(url, makeKey());
    expectError(refused, 429, 'rate_limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-ratelimit-limit')).toBe('4');
  });

  test('verify exempts a known valid key from the address limit, even after its cached result expires', async () => {
    let elapsed = 0;
    const app = await startApp({
      settings: { ipRateLimitPerMinute: 4 },
      monotonicNow: () => elapsed,
    });
    onTestFinished(() => app.close());
    const { url } = app;
    const key = await newKey(url, 'owner');
    expect((await verifyKey(url, key)).status).toBe(200);
    await verifyUnknown(url, 4);
    expectError(await verifyKey(url, makeKey()), 429, 'rate_limited');

    expect((await verifyKey(url, key)).status).toBe(200);
    elapsed += 11_000;
    expect((await verifyKey(url, key)).status).toBe(200);
    expectError(await verifyKey(url, makeKey()), 429, 'rate_limited');
  });

  test('verify applies the address limit to a deleted key', async () => {
    const url = await start({ ipRateLimitPerMinute: 4 });
    const key = await newKey(url, 'owner');
    expect((await verifyKey(url, key)).status).toBe(200);
    await deleteKey(url, { api_key_name: 'MyFirstKey' }, { token: tokenFor('owner') });
    expectError(await verifyKey(url, key), 401, 'invalid_key');
    await verifyUnknown(url, 3);
    expectError(await verifyKey(url, key), 429, 'rate_limited');
  });

  test('verify does not refund the address for a valid key that exceeds the limit of its owner', async () => {
    const url = await start({ ipRateLimitPerMinute: 5 });
    const key = await newKey(url, 'owner', { tier: 'pioneer' });
    for (let sent = 0; sent < 20; sent++) expect((await verifyKey(url, key)).status).toBe(200);
    await verifyUnknown(url, 1);
    for (let sent = 0; sent < 4; sent++) {
      const refused = await verifyKey(url, key);
      expectError(refused, 429, 'rate_limited');
      expect(refused.headers.get('ratelimit-policy')).toMatch(/^"key"/);
    }
    expectError(await verifyKey(url, makeKey()), 429, 'rate_limited');
    expectError(await getUser(url, { token: tokenFor('owner') }), 429, 'rate_limited');
  });

  describe('X-Guard-Secret', () => {
    const secrets = ['a'.repeat(32), 'b'.repeat(32)] as const;
    const verifyAs = (url: string, secret: string, key: string) =>
      verifyKey(url, key, { headers: { 'x-guard-secret': secret } });

    test.each(secrets)(
      'verify does not apply the address limit to a guard with the secret %s',
      async (secret) => {
        const url = await start({ ipRateLimitPerMinute: 2, guardSecrets: secrets });
        for (let sent = 0; sent < 10; sent++)
          expectError(await verifyAs(url, secret, makeKey()), 401, 'invalid_key');
        await verifyUnknown(url, 2);
        expectError(await verifyKey(url, makeKey()), 429, 'rate_limited');
        expectError(await verifyAs(url, secret, makeKey()), 401, 'invalid_key');
      },
    );

    test('verify does not count a guard whose key exceeds the limit of its owner against its address', async () => {
      const url = await start({ ipRateLimitPerMinute: 2, guardSecrets: secrets });
      const key = await newKey(url, 'owner', { tier: 'pioneer' });
      for (let sent = 0; sent < 20; sent++)
        expect((await verifyAs(url, secrets[0], key)).status).toBe(200);
      for (let sent = 0; sent < 5; sent++)
        expectError(await verifyAs(url, secrets[0], key), 429, 'rate_limited');
      await verifyUnknown(url, 2);
    });

    test('verify accepts a valid, uncached key from a guard after the address limit is exhausted', async () => {
      const url = await start({ ipRateLimitPerMinute: 2, guardSecrets: secrets });
      const key = await newKey(url, 'owner');
      await verifyUnknown(url, 2);
      expect((await verifyAs(url, secrets[0], key)).status).toBe(200);
    });

    test.each([
      ['an unknown secret', 'c'.repeat(32)],
      ['half a secret', secrets[0].slice(16)],
      ['both secrets in one header', secrets.join(', ')],
      ['an empty secret', ''],
    ])('verify applies the address limit to a request with %s', async (_what, secret) => {
      const url = await start({ ipRateLimitPerMinute: 1, guardSecrets: secrets });
      expectError(await verifyAs(url, secret, makeKey()), 401, 'invalid_key');
      expectError(await verifyAs(url, secret, makeKey()), 429, 'rate_limited');
    });

    test('verify applies the address limit to an empty secret if none is configured', async () => {
      const url = await start({ ipRateLimitPerMinute: 1 });
      expectError(await verifyAs(url, '', makeKey()), 401, 'invalid_key');
      expectError(await verifyAs(url, '', makeKey()), 429, 'rate_limited');
    });
  });

  test('verify takes the address from X-Forwarded-For as TRUST_PROXY_HOPS says', async () => {
    const url = await start({ ipRateLimitPerMinute: 1, trustProxyHops: 1 });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `1.1.1.1, ${address}` } });
    expect((await verifyKey(url, makeKey(), from('9.9.9.9'))).status).toBe(401);
    expect((await verifyKey(url, makeKey(), from('9.9.9.9'))).status).toBe(429);
    expect((await verifyKey(url, makeKey(), from('8.8.8.8'))).status).toBe(401);
  });
});
