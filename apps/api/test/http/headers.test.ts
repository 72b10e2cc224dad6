import { makeKey } from '@andamio/schema/key-format';
import { requestKey, requestPath } from '@andamio/testing/service-requests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const origin = 'https://console.example.com';

describe('headers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ settings: { corsOrigins: [origin, 'https://other.example.com:8443'] } });
  });
  afterAll(() => app.close());

  test.each(['a', 'A-b_c.9', 'x'.repeat(64)])(
    'returns the request id %s that the client sends',
    async (id) => {
      const { headers } = await requestKey(app.url, {}, { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toBe(id);
    },
  );

  test.each(['', 'x'.repeat(65), 'a b', 'a/b', 'ä', '<script>'])(
    'replaces the invalid request id %j',
    async (id) => {
      const { headers } = await requestKey(app.url, {}, { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test.each([
    ['strict-transport-security', /max-age=\d+/],
    ['x-content-type-options', /nosniff/],
    ['content-security-policy', /default-src 'self'/],
    ['referrer-policy', /no-referrer/],
    ['x-frame-options', /SAMEORIGIN/],
  ])('sends %s with every response', async (name, value) => {
    expect((await requestKey(app.url, { api_key_name: 'abc' })).headers.get(name)).toMatch(value);
    expect((await fetch(`${app.url}/nothing`)).headers.get(name)).toMatch(value);
  });

  test('replaces a request id that is sent twice', async () => {
    const ids = 'X-Request-Id: one\r\nX-Request-Id: two\r\n';
    const { text } = await sendRaw(
      app.port,
      `GET /nothing HTTP/1.1\r\nHost: x\r\n${ids}Connection: close\r\n\r\n`,
    );
    expect(text).toMatch(/\r\nX-Request-Id: [0-9a-f-]{36}\r\n/);
  });

  test.each(['', 'request.', 'request-'])(
    'replaces a request id that contains an API key after %j',
    async (before) => {
      const { headers } = await fetch(`${app.url}/nothing`, {
        headers: { 'X-Request-Id': `${before}${makeKey()}` },
      });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test('generates a unique id for each request', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${app.url}/nothing`)),
    );
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(20);
  });

  test('sends WWW-Authenticate with 401 only (RFC 9110 section 11.6.1)', async () => {
    const { headers } = await requestKey(app.url, {}, { token: 'garbage' });
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="andamio-api", error="invalid_token"',
    );
    expect((await requestKey(app.url, {})).headers.has('www-authenticate')).toBe(false);
  });

  test('sends no header that reveals the software', async () => {
    const { headers } = await requestKey(app.url, {});
    expect([headers.get('x-powered-by'), headers.get('server'), headers.get('etag')]).toEqual([
      null,
      null,
      null,
    ]);
  });

  describe('CORS', () => {
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

    test('lets a listed origin send requests and read the headers that it needs', async () => {
      const asked = await preflight(origin);
      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
      const allowed = ['authorization', 'content-type', 'idempotency-key', 'x-api-key'];
      expect(list(asked.headers.get('access-control-allow-headers'))).toEqual(new Set(allowed));
      expect(list(asked.headers.get('access-control-allow-methods'))).toEqual(
        new Set(['get', 'post']),
      );
      expect(asked.headers.get('vary')).toMatch(/origin/i);
      expect(await asked.text()).toBe('');

      const { headers } = await requestKey(
        app.url,
        { api_key_name: 'from a page' },
        { headers: { origin } },
      );
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('vary')).toMatch(/origin/i);
      const readable = list(headers.get('access-control-expose-headers'));
      const limits = [
        'x-ratelimit-limit',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
        'retry-after',
      ];
      for (const name of [
        'ratelimit',
        'ratelimit-policy',
        ...limits,
        'x-request-id',
        'x-error-code',
      ]) {
        expect(readable).toContain(name);
      }
    });

    test('lets a listed origin read errors, and never allows credentials', async () => {
      for (const headers of [{ origin }, { origin, authorization: 'Bearer garbage' }]) {
        const answer = await fetch(`${app.url}${requestPath}`, { method: 'POST', headers });
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
          401,
          origin,
        ]);
        expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
      }
    });

    test('returns the requesting origin if several are listed', async () => {
      const second = 'https://other.example.com:8443';
      expect((await preflight(second)).headers.get('access-control-allow-origin')).toBe(second);
    });

    test('treats OPTIONS without a listed origin like any other method', async () => {
      const ask = (path: string, from: string | undefined) =>
        fetch(`${app.url}${path}`, {
          method: 'OPTIONS',
          headers: {
            'access-control-request-method': 'POST',
            ...(from !== undefined && { origin: from }),
          },
        });
      for (const from of [undefined, 'https://evil.example.com']) {
        expect((await ask('/nothing', from)).status).toBe(404);
        expect((await ask(requestPath, from)).status).toBe(405);
      }
    });

    test.each([
      'https://evil.example.com',
      'http://console.example.com',
      'https://console.example.com.evil.com',
      'https://console.example.com:444',
      'https://other.example.com',
      'https://CONSOLE.example.com',
      'null',
    ])('does not allow the origin %s', async (from) => {
      expect((await preflight(from)).headers.has('access-control-allow-origin')).toBe(false);
      const { headers } = await requestKey(app.url, {}, { headers: { origin: from } });
      expect(headers.has('access-control-allow-origin')).toBe(false);
    });
  });
});
