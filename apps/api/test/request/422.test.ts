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
    ['brackets as deep as the limit allows', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
    ['objects as deep as the limit allows', `${'{"a":'.repeat(2_600)}1${'}'.repeat(2_600)}`],
    ['two characters', '"ab"'],
    ['nothing', '""'],
    ['two code points that are four UTF-16 units', '"𝒳𝒳"'],
    ['101 characters', `"${'x'.repeat(101)}"`],
    ['101 code points', `"${'𝒳'.repeat(101)}"`],
    ['a NUL', '"ab\\u0000c"'],
    ['an escape', '"ab\\u001bc"'],
    ['a line break', '"ab\\nc"'],
    ['a tab at its end', '"abc\\t"'],
    ['a DEL', '"ab\\u007fc"'],
    ['the first C1 control character', '"ab\\u0080c"'],
    ['the last C1 control character', '"ab\\u009fc"'],
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
    ['[30]'],
    ['{}'],
    ['""'],
    ['false'],
    ['1e400'],
    ['-1e400'],
    ['0'],
    ['-0'],
    ['-1'],
    ['5e-324'],
    ['0.9999999999999999'],
    ['1.0000000000000002'],
    ['-1e300'],
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

  test.each([
    ['a name that is too long', `{"api_key_name": "${'hunter2'.repeat(20)}"}`],
    ['a name of a wrong type', '{"api_key_name": ["hunter2"]}'],
    ['a name with a control character', '{"api_key_name": "hunter2\\u0007"}'],
    ['a name with a lone surrogate', '{"api_key_name": "hunter2\\ud800"}'],
    ['days of a wrong type', '{"api_key_name": "abc", "expires_in_days": "hunter2"}'],
    ['days as an object', '{"api_key_name": "abc", "expires_in_days": {"hunter2": "hunter2"}}'],
    ['a number', '{"api_key_name": "abc", "expires_in_days": -271828}'],
    ['a number past the year 9999', '{"api_key_name": "abc", "expires_in_days": 271828271828}'],
  ])('details never repeat what was sent: %s', async (_what, rawBody) => {
    const { status, body, headers } = await requestKey(app.url, undefined, { rawBody });
    expect(status).toBe(422);
    expect(JSON.stringify([body, [...headers]])).not.toMatch(/hunter2|271828/);
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
