import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { requestKey, requestPath } from '../harness/request-key.ts';

const origin = 'https://console.example.com';

describe('headers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ settings: { corsOrigins: [origin, 'https://other.example.com:8443'] } });
  });
  afterAll(() => app.close());

  test.each(['a', 'A-b_c.9', 'x'.repeat(64)])('the request id %s goes in and comes out', async (id) => {
    const { headers } = await requestKey(app.url, {}, { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toBe(id);
  });

  test.each(['', 'x'.repeat(65), 'a b', 'a/b', 'ä', '<script>'])('the request id %j is replaced', async (id) => {
    const { headers } = await requestKey(app.url, {}, { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ['strict-transport-security', /max-age=\d+/],
    ['x-content-type-options', /nosniff/],
    ['content-security-policy', /default-src 'self'/],
    ['referrer-policy', /no-referrer/],
    ['x-frame-options', /SAMEORIGIN/],
  ])('every answer has %s', async (name, value) => {
    expect((await requestKey(app.url, { api_key_name: 'abc' })).headers.get(name)).toMatch(value);
    expect((await fetch(`${app.url}/nothing`)).headers.get(name)).toMatch(value);
  });

  test('nothing says what the service is made of', async () => {
    const { headers } = await requestKey(app.url, {});
    expect([headers.get('x-powered-by'), headers.get('server'), headers.get('etag')]).toEqual([null, null, null]);
  });

  describe('pages of other origins', () => {
    const preflight = (from: string) =>
      fetch(`${app.url}${requestPath}`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
    const list = (value: string | null) => new Set(value?.toLowerCase().split(/, ?/));

    test('a listed one may ask and may read the headers that it needs', async () => {
      const asked = await preflight(origin);
      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
      const allowed = ['authorization', 'content-type', 'idempotency-key', 'x-api-key'];
      expect(list(asked.headers.get('access-control-allow-headers'))).toEqual(new Set(allowed));

      const { headers } = await requestKey(app.url, { api_key_name: 'from a page' }, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('vary')).toMatch(/origin/i);
      const readable = list(headers.get('access-control-expose-headers'));
      for (const name of ['ratelimit', 'x-ratelimit-remaining', 'retry-after', 'x-request-id', 'x-error-code']) {
        expect(readable).toContain(name);
      }
    });

    test.each([
      'https://evil.example.com',
      'http://console.example.com',
      'https://console.example.com.evil.com',
      'null',
    ])('%s may not', async (from) => {
      expect((await preflight(from)).headers.has('access-control-allow-origin')).toBe(false);
      const { headers } = await requestKey(app.url, {}, { headers: { origin: from } });
      expect(headers.has('access-control-allow-origin')).toBe(false);
    });
  });
});
