import { requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { sendRaw } from '../harness/raw-socket.ts';

describe('rejecting missing or invalid credentials', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  async function ask(
    headers: Record<string, string>,
    path = requestPath,
    body = '{"api_key_name": "abc"}',
  ) {
    const response = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  test.each([
    ['no Authorization header', {}],
    ['an empty header', { authorization: '' }],
    ['a scheme without a token', { authorization: 'Bearer' }],
    ['another scheme', { authorization: `Basic ${btoa('user:password')}` }],
    ['a token without a scheme', { authorization: tokenFor('user') }],
    ['a word instead of a token', { authorization: 'Bearer garbage' }],
    ['three words instead of a token', { authorization: 'Bearer a.b.c' }],
    ['a truncated token', { authorization: `Bearer ${tokenFor('user').slice(0, -1)}` }],
    ['a key instead of a token', { authorization: `Bearer ant-${'x'.repeat(40)}` }],
    ['Latin-1', { authorization: 'Bearer \xe9\xff' }],
    ['two tokens', { authorization: `Bearer ${tokenFor('user')} ${tokenFor('user')}` }],
    ['the token in a cookie', { cookie: `token=${tokenFor('user')}` }],
    ['the token in X-API-Key', { 'x-api-key': tokenFor('user') }],
  ])('request responds with 401 to %s', async (_what, headers) => {
    const answer = await ask(headers);
    expectError(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
  });

  test('request names the reason of a 401 in development only', async () => {
    const developing = await startApp({ settings: { production: false } });
    onTestFinished(() => developing.close());
    for (const [token, reason] of [
      ['abc', 'malformed'] as const,
      [tokenFor('user', { exp: 1 }), 'expired'] as const,
    ]) {
      const headers = { authorization: `Bearer ${token}` };
      const details = 'Send a valid, unexpired token in the header "Authorization: Bearer <JWT>".';
      expect((await ask(headers)).body['details']).toBe(details);
      const response = await fetch(`${developing.url}${requestPath}`, { method: 'POST', headers });
      expect(await response.json()).toMatchObject({ details: `${details} Reason: ${reason}.` });
    }
  });

  test('request responds with 401 to a token in the query or body', async () => {
    const token = tokenFor('user');
    expectError(await ask({}, `${requestPath}?access_token=${token}`), 401, 'unauthenticated');
    expectError(
      await ask({}, requestPath, JSON.stringify({ api_key_name: 'abc', access_token: token })),
      401,
      'unauthenticated',
    );
  });

  test('request responds with 401 to two Authorization headers, even with the same token', async () => {
    const header = `Authorization: Bearer ${tokenFor('user')}\r\n`;
    const { text } = await sendRaw(
      app.port,
      `POST ${requestPath} HTTP/1.1\r\nHost: x\r\n${header}${header}Connection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
  });

  test('request does not repeat credentials in a 401', async () => {
    const { body, headers } = await ask({ authorization: 'Bearer hunter2.hunter2.hunter2' });
    expect(JSON.stringify([body, [...headers]])).not.toContain('hunter2');
  });

  test('request responds with 401 before it checks the body', async () => {
    expectError(
      await ask({ 'content-type': 'text/plain' }, requestPath, 'not JSON'),
      401,
      'unauthenticated',
    );
  });
});
