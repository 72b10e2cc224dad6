import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('rate limits per minute', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  async function start(settings: TestAppOptions['settings'] = {}) {
    app = await startApp({ settings });
    return app.url;
  }
  const good = (url: string, sub: string, more: Record<string, string> = {}) =>
    requestKey(url, {}, { token: tokenFor(sub), headers: more });
  const bad = (url: string, more: Record<string, string> = {}) =>
    requestKey(url, {}, { token: 'bad', headers: more });

  describe('of a user', () => {
    test.each([
      ['pioneer', 20],
      ['starter', 50],
      ['growth', 500],
      ['enterprise', 2000],
    ])('a user with tier %s has %i requests a minute', async (tier, limit) => {
      const url = await start();
      const before = Math.floor(Date.now() / 1000);
      const { headers } = await requestKey(url, {}, { token: tokenFor('user', { tier }) });
      expect(headers.get('x-ratelimit-limit')).toBe(String(limit));
      expect(headers.get('x-ratelimit-remaining')).toBe(String(limit - 1));
      const reset = Number(headers.get('x-ratelimit-reset'));
      expect(reset, 'in Unix seconds').toBeGreaterThan(before);
      expect(reset).toBeLessThanOrEqual(before + 62);
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"user"; r=${limit - 1}; t=\\d+$`));
      expect(headers.get('ratelimit-policy')).toMatch(
        new RegExp(`^"user"; q=${limit}; w=60; pk=:.*:$`),
      );
    });

    test('counts a request before checking permission and body, and for this user only', async () => {
      const url = await start();
      const refused = tokenFor('busy', { tier: 'pioneer', scope: 'apikey:read' });
      for (let sent = 0; sent < 20; sent++)
        expectError(await requestKey(url, {}, { token: refused }), 403, 'insufficient_scope');
      const pioneer = (sub: string) =>
        requestKey(url, { api_key_name: 'abc' }, { token: tokenFor(sub, { tier: 'pioneer' }) });
      expectError(await pioneer('busy'), 429, 'rate_limited');
      expect((await pioneer('idle')).status).toBe(200);
    });

    test('gives a user with an unknown tier the lowest rate limit', async () => {
      const url = await start();
      const ask = () => requestKey(url, {}, { token: tokenFor('gold', { tier: 'gold' }) });
      for (let sent = 0; sent < 20; sent++) expectError(await ask(), 403, 'unknown_tier');
      expectError(await ask(), 429, 'rate_limited');
    });
  });

  describe('of an address', () => {
    test('counts invalid credentials against the address before any other check', async () => {
      const url = await start({ ipRateLimitPerMinute: 3 });
      for (let sent = 0; sent < 3; sent++) expectError(await bad(url), 401, 'unauthenticated');
      const answer = await bad(url);
      expectError(answer, 429, 'rate_limited');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('x-ratelimit-limit')).toBe('3');
      expectError(await good(url, 'user'), 429, 'rate_limited');
    });

    test('refunds the address for valid credentials', async () => {
      const url = await start({ ipRateLimitPerMinute: 5 });
      for (let sent = 0; sent < 20; sent++) expect((await good(url, 'one')).status).toBe(400);
      for (let sent = 0; sent < 5; sent++) expect((await bad(url)).status).toBe(401);
      expect((await bad(url)).status).toBe(429);
    });

    test('does not refund the address for a request that exceeds the limit of the user', async () => {
      const url = await start({ ipRateLimitPerMinute: 5 });
      const ask = () => requestKey(url, {}, { token: tokenFor('busy', { tier: 'pioneer' }) });
      for (let sent = 0; sent < 20; sent++) expect((await ask()).status).toBe(400);
      for (let sent = 0; sent < 5; sent++) {
        const { headers } = await ask();
        expect(headers.get('ratelimit-policy')).toMatch(/^"user"/);
      }
      const refused = await ask();
      expectError(refused, 429, 'rate_limited');
      expect(refused.headers.get('ratelimit-policy')).toMatch(/^"address"/);
    });

    test('does not count health checks against the address', async () => {
      const url = await start({ ipRateLimitPerMinute: 2 });
      for (let sent = 0; sent < 10; sent++)
        expect((await fetch(`${url}/health/live`)).status).toBe(200);
      expect((await bad(url)).status).toBe(401);
    });

    test('counts unknown paths against the address', async () => {
      const url = await start({ ipRateLimitPerMinute: 2 });
      for (let sent = 0; sent < 2; sent++) expect((await fetch(`${url}/guess`)).status).toBe(404);
      expect((await fetch(`${url}/guess`)).status).toBe(429);
    });
  });

  describe('TRUST_PROXY_HOPS', () => {
    const from = (...addresses: string[]) => ({ 'x-forwarded-for': addresses.join(', ') });

    test.each([
      [0, from('9.9.9.9'), from('8.8.8.8'), 'same'],
      [1, from('1.1.1.1', '9.9.9.9'), from('2.2.2.2', '9.9.9.9'), 'same'],
      [1, from('1.1.1.1', '9.9.9.9'), from('1.1.1.1', '8.8.8.8'), 'other'],
      [2, from('1.1.1.1', '9.9.9.9', '5.5.5.5'), from('2.2.2.2', '9.9.9.9', '6.6.6.6'), 'same'],
      [2, from('9.9.9.9', '5.5.5.5'), from('8.8.8.8', '5.5.5.5'), 'other'],
      [1, from('2001:db8:1:2::1'), from('2001:db8:1:99:ffff::2'), 'same'],
      [1, from('2001:db8:1:2::1'), from('2001:db8:2:2::1'), 'other'],
      [1, from('::ffff:1.2.3.4'), from('1.2.3.4'), 'same'],
      [1, from('203.0.113.7:1001'), from('203.0.113.7:1002'), 'same'],
      [1, from('203.0.113.7:1001'), from('203.0.113.7'), 'same'],
      [1, from('203.0.113.7:1001'), from('203.0.113.8:1001'), 'other'],
      [1, from('[2001:db8:1:2::1]:1001'), from('[2001:db8:1:2::1]:1002'), 'same'],
      [1, from('[2001:db8:1:2::1]'), from('2001:db8:1:2::1'), 'same'],
      [1, from('[2001:db8:1:2::1]:1001'), from('[2001:db8:2:2::1]:1001'), 'other'],
      [2, from('9.9.9.9:1', '5.5.5.5:1'), from('9.9.9.9:2', '6.6.6.6:2'), 'same'],
      [1, from('::ffff:1.2.3.4'), from('::ffff:4.3.2.1'), 'other'],
      [1, from('no address'), from('ant-0000'), 'same'],
      [1, from('fe80::1%a'), from('fe80::1%b'), 'same'],
    ])(
      'with TRUST_PROXY_HOPS=%i, %o and %o are the %s client',
      async (trustProxyHops, first, second, expected) => {
        const url = await start({ trustProxyHops, ipRateLimitPerMinute: 1 });
        expect((await bad(url, first)).status).toBe(401);
        expect((await bad(url, second)).status).toBe(expected === 'same' ? 429 : 401);
      },
    );
  });
});
