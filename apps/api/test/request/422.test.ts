import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { requestKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

describe('422: well-formed JSON whose values break the schema or a rule', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each([
    ['null', 'null'],
    ['a number', '12345'],
    ['a boolean', 'true'],
    ['an array', '["abc"]'],
    ['an object', '{"length": 5}'],
    ['two characters', '"ab"'],
    ['nothing', '""'],
    ['two code points that are four UTF-16 units', '"𝒳𝒳"'],
    ['101 characters', `"${'x'.repeat(101)}"`],
    ['101 code points', `"${'𝒳'.repeat(101)}"`],
    ['a NUL', '"ab\\u0000c"'],
    ['a line break', '"ab\\nc"'],
    ['a DEL', '"ab\\u007fc"'],
    ['a C1 control character', '"ab\\u0085c"'],
    ['a lone high surrogate', '"abc\\ud800"'],
    ['a lone low surrogate', '"\\udc00abc"'],
    ['surrogates the wrong way round', '"abc\\udc00\\ud800"'],
  ])('api_key_name is %s', async (_what, json) => {
    const answer = await requestKey(app.url, undefined, { rawBody: `{"api_key_name": ${json}}` });
    expectError(answer, 422, 'invalid_field');
    expect(answer.body['details']).toMatch(/^api_key_name: must /);
  });

  test.each([
    ['null'],
    ['"30"'],
    ['30.5'],
    ['true'],
    ['[]'],
    ['{}'],
    ['1e400'],
    ['-1e400'],
    ['0'],
    ['-0'],
    ['-1'],
    ['5e-324'],
    ['0.9999999999999999'],
  ])('expires_in_days is %s', async (json) => {
    const answer = await requestKey(app.url, undefined, {
      rawBody: `{"api_key_name": "abc", "expires_in_days": ${json}}`,
    });
    expectError(answer, 422, 'invalid_field');
    expect(answer.body['details']).toMatch(/^expires_in_days: must /);
  });

  test.each([['1e300'], ['9007199254740993'], ['3000000']])(
    'expires_in_days %s would pass the year 9999',
    async (json) => {
      const answer = await requestKey(app.url, undefined, {
        rawBody: `{"api_key_name": "abc", "expires_in_days": ${json}}`,
      });
      expectError(answer, 422, 'expiry_too_late');
    },
  );

  test('every field that is wrong is named, with its rule and without the value', async () => {
    const answer = await requestKey(app.url, {
      api_key_name: 'sécret-value'.repeat(20),
      expires_in_days: 'other-secret',
    });
    expect(answer.body['details']).toBe(
      'api_key_name: must be 3 to 100 characters long (Unicode code points); expires_in_days: must be an integer',
    );
  });

  test('a name that the owner already uses, told before a full tier, and again without the name', async () => {
    const pioneer = { token: tokenFor('one key', { tier: 'pioneer' }) };
    expect((await requestKey(app.url, { api_key_name: 'taken-name' }, pioneer)).status).toBe(200);
    const answer = await requestKey(app.url, { api_key_name: 'taken-name' }, pioneer);
    expectError(answer, 422, 'name_taken');
    expect(answer.body['details']).not.toContain('taken-name');
    expectError(await requestKey(app.url, { api_key_name: 'other-name' }, pioneer), 429, 'key_limit_reached');
  });

  test('names compare by code point: another case, form or space is another name', async () => {
    const names = ['café', 'cafe\u0301', 'Café', 'café ', ' café'];
    const token = tokenFor('names');
    const statuses = await Promise.all(
      names.map(async (name) => (await requestKey(app.url, { api_key_name: name }, { token })).status),
    );
    expect(statuses).toEqual(names.map(() => 200));
    expect((await requestKey(app.url, { api_key_name: 'café' }, { token: tokenFor('somebody else') })).status).toBe(
      200,
    );
  });
});
