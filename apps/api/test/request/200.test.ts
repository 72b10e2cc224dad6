import { isKey } from '@andamio/schema/key-format';
import { requestKey, requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';

describe('issuing a key', () => {
  let app: TestApp;
  let now = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
  const token = (sub: string) =>
    tokenFor(sub, { iat: Math.floor(now / 1000), exp: now / 1000 + 3600 });

  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  test('request returns exactly the six published fields, with times rounded down to seconds', async () => {
    const { status, body, headers } = await requestKey(
      app.url,
      { api_key_name: 'MyFirstKey' },
      { token: token('six') },
    );
    expect(body).toEqual({
      api_key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/),
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
      expires_in_days: 365,
      is_active: true,
      name: 'MyFirstKey',
    });
    expect(status).toBe(200);
    expect(isKey(body['api_key'] as string)).toBe(true);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['30', 30, '2025-09-30T23:59:59Z'],
    ['30.0', 30, '2025-09-30T23:59:59Z'],
    ['3e1', 30, '2025-09-30T23:59:59Z'],
    ['1', 1, '2025-09-01T23:59:59Z'],
  ])('request accepts expires_in_days %s as the integer %i', async (sent, days, expiresAt) => {
    const rawBody = `{"api_key_name": "days ${sent}", "expires_in_days": ${sent}}`;
    const { status, body } = await requestKey(app.url, undefined, {
      token: token('days'),
      rawBody,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ expires_in_days: days, expires_at: expiresAt });
  });

  test('request accepts an expiry up to the last day of the year 9999', async () => {
    const days = Math.floor((Date.UTC(9999, 11, 31, 23, 59, 59) - now) / 86_400_000);
    const ask = (name: string, more: number) =>
      requestKey(
        app.url,
        { api_key_name: name, expires_in_days: days + more },
        { token: token('last') },
      );
    const last = await ask('last', 0);
    expect([last.status, last.body['expires_at']]).toEqual([200, '9999-12-30T23:59:59Z']);
    const very = await ask('very last', 1);
    expect([very.status, very.body['expires_at']]).toEqual([200, '9999-12-31T23:59:59Z']);
    const late = await ask('too late', 2);
    expect([late.status, late.headers.get('x-error-code')]).toEqual([422, 'expiry_too_late']);
  });

  test.each([
    ['three code points', 'abc'],
    ['a hundred supplementary code points (two hundred UTF-16 units)', '𝒳'.repeat(100)],
    ['three supplementary code points', '𝒳𝒴𝒵'],
    ['one emoji of seven code points', '👨‍👩‍👧‍👦'],
    ['combining characters, not normalized', 'e\u0301\u0323 name'],
    ['leading and trailing spaces, not trimmed', '  spaced  '],
    ['right-to-left text', 'مفتاح'],
    ['bidirectional formatting characters', '\u202eabc\u2066'],
    ['a line separator', 'a\u2028b'],
    ['a byte order mark and a noncharacter', '\ufeffab\uffff'],
    ['special characters of HTML, SQL and JSON', `<a href="x">'; DROP TABLE keys; --\\</a>`],
    ['only spaces', '     '],
    ['the name of a built-in member', '__proto__'],
  ])('request accepts a name with %s', async (_what, name) => {
    const { status, body } = await requestKey(
      app.url,
      { api_key_name: name },
      { token: token('names') },
    );
    expect(status).toBe(200);
    expect(body['name']).toBe(name);
  });

  test('request ignores unknown fields, including __proto__ and constructor', async () => {
    const rawBody =
      '{"__proto__": {"tier": "x"}, "constructor": 1, "toString": null, "x": [], "api_key_name": "plain"}';
    const { status, body } = await requestKey(app.url, undefined, {
      token: token('unknown'),
      rawBody,
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toHaveLength(6);
  });

  test('request takes the last value of a repeated field', async () => {
    const rawBody = '{"api_key_name": 5, "api_key_name": "first", "api_key_name": "second"}';
    const { body } = await requestKey(app.url, undefined, { token: token('repeated'), rawBody });
    expect(body['name']).toBe('second');
  });

  test('request issues the key to the sub of the token, whatever body, query and headers contain', async () => {
    const others = {
      sub: 'victim',
      user_id: 'victim',
      userId: 'victim',
      owner: 'victim',
      user: { sub: 'victim' },
    };
    const pioneer = (sub: string) => ({
      token: tokenFor(sub, { tier: 'pioneer', exp: now / 1000 + 60 }),
    });
    const response = await fetch(
      `${app.url}${requestPath}?sub=victim&user_id=victim&userId=victim&owner=victim`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${pioneer('caller').token}`,
          'content-type': 'application/json',
          'x-user-id': 'victim',
          'x-forwarded-user': 'victim',
          'x-goog-authenticated-user-id': 'victim',
          'x-endpoint-api-userinfo': btoa('{"id":"victim"}'),
          cookie: 'sub=victim',
        },
        body: JSON.stringify({ api_key_name: 'mine', ...others }),
      },
    );
    expect(response.status).toBe(200);
    // The maximum of a pioneer is one key, so another request shows to whom the first key belongs.
    const full = await requestKey(app.url, { api_key_name: 'more' }, pioneer('caller'));
    expect(full.headers.get('x-error-code')).toBe('key_limit_reached');
    expect((await requestKey(app.url, { api_key_name: 'mine' }, pioneer('victim'))).status).toBe(
      200,
    );
  });

  test('request ignores fields in the query', async () => {
    const response = await fetch(`${app.url}${requestPath}?api_key_name=other&expires_in_days=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token('query')}`, 'content-type': 'application/json' },
      body: '{"api_key_name": "named in the body"}',
    });
    expect(await response.json()).toMatchObject({
      name: 'named in the body',
      expires_in_days: 365,
    });
  });

  test('request issues another key once the first has expired, and reuses its name 30 days later', async () => {
    const pioneer = () => ({
      token: tokenFor('expiring', { tier: 'pioneer', exp: now / 1000 + 60 }),
    });
    const startedAt = now;
    const brief = (name: string) =>
      requestKey(app.url, { api_key_name: name, expires_in_days: 1 }, pioneer());
    expect((await brief('brief')).status).toBe(200);
    expect((await brief('other')).status).toBe(429);
    now = startedAt + 86_400_000;
    expect((await brief('brief')).headers.get('x-error-code')).toBe('name_taken');
    expect((await brief('other')).status).toBe(200);
    now = startedAt + 31 * 86_400_000;
    expect((await brief('brief')).status).toBe(200);
    now = startedAt;
  });
});
