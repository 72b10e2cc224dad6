import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { requestPath } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

describe('401: no credentials, or none of which anything is known', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  async function ask(headers: Record<string, string>, path = requestPath, body = '{"api_key_name": "abc"}') {
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
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['a scheme without a token', { authorization: 'Bearer' }],
    ['another scheme', { authorization: `Basic ${btoa('user:password')}` }],
    ['a token without its scheme', { authorization: tokenFor('user') }],
    ['two tokens', { authorization: `Bearer ${tokenFor('user')} ${tokenFor('user')}` }],
    ['the token in a cookie', { cookie: `token=${tokenFor('user')}` }],
    ['the token as an API key', { 'x-api-key': tokenFor('user') }],
  ])('%s', async (_what, headers) => {
    const answer = await ask(headers);
    expectError(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
  });

  test('the token in the query or in the body', async () => {
    const token = tokenFor('user');
    expectError(await ask({}, `${requestPath}?access_token=${token}`), 401, 'unauthenticated');
    expectError(
      await ask({}, requestPath, JSON.stringify({ api_key_name: 'abc', access_token: token })),
      401,
      'unauthenticated',
    );
  });

  test('is told before anything about the body', async () => {
    expectError(await ask({ 'content-type': 'text/plain' }, requestPath, 'not JSON'), 401, 'unauthenticated');
  });
});
