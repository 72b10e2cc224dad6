import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('rejecting insufficient permissions', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const ask = (claims: Record<string, unknown>, name = 'abc') =>
    requestKey(
      app.url,
      { api_key_name: name },
      { token: tokenFor(JSON.stringify(claims), claims) },
    );

  test.each([
    ['gold'],
    ['Pioneer'],
    [''],
    ['constructor'],
    ['__proto__'],
    ['toString'],
    ['pioneer '],
  ])('request responds with 403 to the unknown tier %j', async (tier) =>
    expectError(await ask({ tier }), 403, 'unknown_tier'),
  );

  test.each([
    [''],
    ['apikey:read'],
    ['apikey:writer'],
    ['apikey:write:x'],
    ['xapikey:write'],
    ['APIKEY:WRITE'],
    ['apikey:write,apikey:read'],
    ['apikey:*'],
  ])('request responds with 403 to the scope %j', async (scope) => {
    expectError(await ask({ scope }), 403, 'insufficient_scope');
  });

  test.each([
    ['apikey:write'],
    ['openid apikey:read apikey:write profile'],
    ['apikey:write apikey:write'],
  ])('request accepts the scope %j', async (scope) =>
    expect((await ask({ scope })).status).toBe(200),
  );

  test('request accepts a token without scope', async () => {
    expect((await ask({})).status).toBe(200);
  });

  test.each([[{ tier: 'hunter2' }], [{ scope: 'hunter2' }]])(
    'request does not repeat the claims %j in a 403',
    async (claims) => {
      const { status, body, headers } = await ask(claims);
      expect(status).toBe(403);
      expect(JSON.stringify([body, [...headers]])).not.toContain('hunter2');
    },
  );

  test('request responds with 403 before it checks the body', async () => {
    const token = tokenFor('body', { tier: 'none' });
    expectError(
      await requestKey(app.url, undefined, { token, rawBody: 'not JSON' }),
      403,
      'unknown_tier',
    );
  });
});
