import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('rejecting invalid values', () => {
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
    ['an array nested 8,000 levels deep', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
    ['an object nested 2,600 levels deep', `${'{"a":'.repeat(2_600)}1${'}'.repeat(2_600)}`],
    ['two characters', '"ab"'],
    ['an empty string', '""'],
    ['two code points (four UTF-16 units)', '"𝒳𝒳"'],
    ['101 characters', `"${'x'.repeat(101)}"`],
    ['101 code points', `"${'𝒳'.repeat(101)}"`],
    ['a string with NUL', '"ab\\u0000c"'],
    ['a string with ESC', '"ab\\u001bc"'],
    ['a string with a line break', '"ab\\nc"'],
    ['a string with a trailing tab', '"abc\\t"'],
    ['a string with DEL', '"ab\\u007fc"'],
    ['a string with the first C1 control character', '"ab\\u0080c"'],
    ['a string with the last C1 control character', '"ab\\u009fc"'],
    ['a string with a lone high surrogate', '"abc\\ud800"'],
    ['a string with a lone low surrogate', '"\\udc00abc"'],
    ['a string with reversed surrogates', '"abc\\udc00\\ud800"'],
  ])('request responds with 422 if api_key_name is %s', async (_what, json) => {
    const answer = await requestKey(app.url, undefined, { rawBody: `{"api_key_name": ${json}}` });
    expectError(answer, 422, 'invalid_field');
    expect(answer.body['details']).toMatch(/^api_key_name must /);
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
  ])('request responds with 422 if expires_in_days is %s', async (json) => {
    const answer = await requestKey(app.url, undefined, {
      rawBody: `{"api_key_name": "abc", "expires_in_days": ${json}}`,
    });
    expectError(answer, 422, 'invalid_field');
    expect(answer.body['details']).toMatch(/^expires_in_days must /);
  });

  test.each([['1e300'], ['9007199254740993'], ['3000000']])(
    'request responds with 422 if expires_in_days is %s, which ends after the year 9999',
    async (json) => {
      const answer = await requestKey(app.url, undefined, {
        rawBody: `{"api_key_name": "abc", "expires_in_days": ${json}}`,
      });
      expectError(answer, 422, 'expiry_too_late');
    },
  );

  test('request names every invalid field and its rule, without the value', async () => {
    const answer = await requestKey(app.url, {
      api_key_name: 'sécret-value'.repeat(20),
      expires_in_days: 'other-secret',
    });
    expect(answer.body['details']).toBe(
      'api_key_name must be 3 to 100 characters long (Unicode code points). expires_in_days must be an integer.',
    );
  });

  test.each([
    ['a name that is too long', `{"api_key_name": "${'hunter2'.repeat(20)}"}`],
    ['a name of a wrong type', '{"api_key_name": ["hunter2"]}'],
    ['a name with a control character', '{"api_key_name": "hunter2\\u0007"}'],
    ['a name with a lone surrogate', '{"api_key_name": "hunter2\\ud800"}'],
    ['a period of a wrong type', '{"api_key_name": "abc", "expires_in_days": "hunter2"}'],
    [
      'a period that is an object',
      '{"api_key_name": "abc", "expires_in_days": {"hunter2": "hunter2"}}',
    ],
    ['a negative period', '{"api_key_name": "abc", "expires_in_days": -271828}'],
    ['a period past the year 9999', '{"api_key_name": "abc", "expires_in_days": 271828271828}'],
  ])('request does not repeat submitted values in a 422 for %s', async (_what, rawBody) => {
    const { status, body, headers } = await requestKey(app.url, undefined, { rawBody });
    expect(status).toBe(422);
    expect(JSON.stringify([body, [...headers]])).not.toMatch(/hunter2|271828/);
  });

  test('request responds with 422 to a taken name, without repeating it, before it checks the maximum', async () => {
    const pioneer = { token: tokenFor('one key', { tier: 'pioneer' }) };
    expect((await requestKey(app.url, { api_key_name: 'taken-name' }, pioneer)).status).toBe(200);
    const answer = await requestKey(app.url, { api_key_name: 'taken-name' }, pioneer);
    expectError(answer, 422, 'name_taken');
    expect(answer.body['details']).not.toContain('taken-name');
    expectError(
      await requestKey(app.url, { api_key_name: 'other-name' }, pioneer),
      429,
      'key_limit_reached',
    );
  });

  test('request compares names exactly, including case, normalization form and spaces', async () => {
    const names = ['café', 'cafe\u0301', 'Café', 'café ', ' café'];
    const token = tokenFor('names');
    const statuses = await Promise.all(
      names.map(
        async (name) => (await requestKey(app.url, { api_key_name: name }, { token })).status,
      ),
    );
    expect(statuses).toEqual(names.map(() => 200));
    expect(
      (await requestKey(app.url, { api_key_name: 'café' }, { token: tokenFor('another user') }))
        .status,
    ).toBe(200);
  });
});

describe('MAX_EXPIRES_IN_DAYS', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ maximumDays: 90 });
  });
  afterAll(() => app.close());

  test.each([
    ['more days', { expires_in_days: 91 }],
    ['the default of 365 days, if it is more', {}],
    ['days past the year 9999', { expires_in_days: 1e300 }],
  ])('request responds with 422 to %s, and names the maximum', async (_what, more) => {
    const answer = await requestKey(app.url, { api_key_name: 'too long', ...more });
    expectError(answer, 422, 'expiry_too_late');
    expect(answer.body['details']).toBe(
      'expires_in_days must be at most 90. A request without it uses the default, which may be greater.',
    );
  });

  test('request accepts the maximum', async () => {
    const { status } = await requestKey(app.url, { api_key_name: 'abc', expires_in_days: 90 });
    expect(status).toBe(200);
  });
});
