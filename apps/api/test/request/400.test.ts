import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { requestKey } from '../harness/request-key.ts';

describe('400: the body is not JSON, not an object, or lacks a required field', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  test.each([
    ['nothing', ''],
    ['white space', ' \n\t'],
    ['text', 'hello'],
    ['half an object', '{"api_key_name": "abc"'],
    ['something behind the object', '{"api_key_name": "abc"} x'],
    ['two objects', '{"api_key_name": "abc"}{"api_key_name": "abc"}'],
    ['a trailing comma', '{"api_key_name": "abc",}'],
    ['a comment', '{"api_key_name": "abc" /* mine */}'],
    ['single quotes', "{'api_key_name': 'abc'}"],
    ['a name without quotes', '{api_key_name: "abc"}'],
    ['NaN', '{"api_key_name": "abc", "expires_in_days": NaN}'],
    ['Infinity', '{"api_key_name": "abc", "expires_in_days": Infinity}'],
    ['a number that begins with 0', '{"api_key_name": "abc", "expires_in_days": 030}'],
    ['a number that begins with +', '{"api_key_name": "abc", "expires_in_days": +30}'],
    ['a raw control character within a string', '{"api_key_name": "a\nbc"}'],
    ['an escape that is none', '{"api_key_name": "abc\\x41"}'],
    ['an array', '[{"api_key_name": "abc"}]'],
    ['a string', '"abc"'],
    ['a number', '1'],
    ['a boolean', 'true'],
    ['null', 'null'],
    ['brackets that nobody closes, as many as the limit allows', '['.repeat(16 * 1024)],
    ['an array as deep as the limit allows', `${'['.repeat(8 * 1024)}${']'.repeat(8 * 1024)}`],
  ])('%s', async (_what, rawBody) => {
    expectError(await requestKey(app.url, undefined, { rawBody }), 400, 'invalid_body');
  });

  test.each([
    ['alone', '{}'],
    ['beside a wrong value', '{"expires_in_days": "soon"}'],
    ['beside a value that would pass the year 9999', '{"expires_in_days": 1e300}'],
    ['in another case', '{"API_KEY_NAME": "abc", "apiKeyName": "abc", "name": "abc"}'],
    ['where only __proto__ has it', '{"__proto__": {"api_key_name": "inherited"}}'],
    ['where only the constructor has it', '{"constructor": {"prototype": {"api_key_name": "inherited"}}}'],
  ])('a missing api_key_name %s', async (_what, rawBody) => {
    const answer = await requestKey(app.url, undefined, { rawBody });
    expectError(answer, 400, 'missing_field');
    expect(answer.body['details']).toBe('api_key_name: is required');
  });

  test.each([
    ['JSON that breaks off', '{"api_key_name": "hunter2'],
    ['text', 'hunter2'],
    ['a string', '"hunter2"'],
    ['a wrong value beside a missing name', '{"expires_in_days": "hunter2"}'],
    ['a member with that name', '{"hunter2": 1}'],
  ])('details never repeat what was sent: %s', async (_what, rawBody) => {
    const answer = await requestKey(app.url, undefined, { rawBody });
    expect(answer.status).toBe(400);
    expect(JSON.stringify([answer.body, [...answer.headers]])).not.toContain('hunter2');
  });
});
