import { requestKey } from '@andamio/testing/service-requests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('rejecting a malformed body', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each([
    ['an empty body', ''],
    ['white space', ' \n\t'],
    ['plain text', 'hello'],
    ['a truncated object', '{"api_key_name": "abc"'],
    ['text after the object', '{"api_key_name": "abc"} x'],
    ['two objects', '{"api_key_name": "abc"}{"api_key_name": "abc"}'],
    ['a trailing comma', '{"api_key_name": "abc",}'],
    ['a comment', '{"api_key_name": "abc" /* mine */}'],
    ['single quotes', "{'api_key_name': 'abc'}"],
    ['a field name without quotes', '{api_key_name: "abc"}'],
    ['NaN', '{"api_key_name": "abc", "expires_in_days": NaN}'],
    ['Infinity', '{"api_key_name": "abc", "expires_in_days": Infinity}'],
    ['a number with a leading zero', '{"api_key_name": "abc", "expires_in_days": 030}'],
    ['a number with a plus sign', '{"api_key_name": "abc", "expires_in_days": +30}'],
    ['an unescaped control character in a string', '{"api_key_name": "a\nbc"}'],
    ['an invalid escape sequence', '{"api_key_name": "abc\\x41"}'],
    ['an array', '[{"api_key_name": "abc"}]'],
    ['a string', '"abc"'],
    ['a number', '1'],
    ['a boolean', 'true'],
    ['null', 'null'],
    ['16 KiB of opening brackets', '['.repeat(16 * 1024)],
    ['an array nested 8,192 levels deep', `${'['.repeat(8 * 1024)}${']'.repeat(8 * 1024)}`],
  ])('request responds with 400 to %s', async (_what, rawBody) => {
    expectError(await requestKey(app.url, undefined, { rawBody }), 400, 'invalid_body');
  });

  test.each([
    ['an empty object', '{}'],
    ['an invalid other field', '{"expires_in_days": "soon"}'],
    ['an expiry after the year 9999', '{"expires_in_days": 1e300}'],
    ['a name in another case', '{"API_KEY_NAME": "abc", "apiKeyName": "abc", "name": "abc"}'],
    ['a name in __proto__', '{"__proto__": {"api_key_name": "inherited"}}'],
    [
      'a name in constructor.prototype',
      '{"constructor": {"prototype": {"api_key_name": "inherited"}}}',
    ],
  ])('request responds with 400 to a missing api_key_name: %s', async (_what, rawBody) => {
    const answer = await requestKey(app.url, undefined, { rawBody });
    expectError(answer, 400, 'missing_field');
    expect(answer.body['details']).toBe('api_key_name is required.');
  });

  test.each([
    ['truncated JSON', '{"api_key_name": "hunter2'],
    ['plain text', 'hunter2'],
    ['a string', '"hunter2"'],
    ['an invalid field and no name', '{"expires_in_days": "hunter2"}'],
    ['an unknown field', '{"hunter2": 1}'],
  ])('request does not repeat submitted values in a 400 for %s', async (_what, rawBody) => {
    const answer = await requestKey(app.url, undefined, { rawBody });
    expect(answer.status).toBe(400);
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
  });
});
