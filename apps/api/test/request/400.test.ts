import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
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

  const good = JSON.stringify({ api_key_name: 'MyFirstKey' });
  const utf8 = (text: string) => new TextEncoder().encode(text);

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['half an object', '{"api_key_name": "abc"'],
    ['something behind the object', `${good} x`],
    ['a trailing comma', '{"api_key_name": "abc",}'],
    ['single quotes', "{'api_key_name': 'abc'}"],
    ['NaN', '{"api_key_name": "abc", "expires_in_days": NaN}'],
    ['a raw control character within a string', '{"api_key_name": "a\nbc"}'],
    ['an array', '[]'],
    ['a string', '"abc"'],
    ['a number', '1'],
    ['null', 'null'],
    ['bytes that are not UTF-8', new Uint8Array([...utf8('{"api_key_name": "abc'), 0xff, ...utf8('"}')])],
    ['an overlong UTF-8 sequence', new Uint8Array([...utf8('{"api_key_name": "abc'), 0xc0, 0xaf, ...utf8('"}')])],
    ['brackets nested as deep as the limit allows', '['.repeat(16_000)],
  ])('%s', async (_what, rawBody) => {
    expectError(await requestKey(app.url, undefined, { rawBody }), 400, 'invalid_body');
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/jsonp'],
    ['application/json5'],
    ['application/json; charset=latin1'],
    ['application/json; charset=utf-16'],
    ['text/json'],
    [''],
  ])('the content type %j', async (type) => {
    const answer = await requestKey(app.url, undefined, { rawBody: good, headers: { 'content-type': type } });
    expectError(answer, 400, 'invalid_body');
  });

  test.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/json;charset="UTF-8"'],
    ['Application/JSON'],
  ])('but not the content type %s', async (type) => {
    const rawBody = JSON.stringify({ api_key_name: `type ${type}`.slice(0, 100) });
    expect((await requestKey(app.url, undefined, { rawBody, headers: { 'content-type': type } })).status).toBe(200);
  });

  test.each([
    ['br', brotliCompressSync(good)],
    ['zstd', utf8(good)],
    ['gzip, gzip', gzipSync(gzipSync(good))],
    ['gzip', gzipSync(good).subarray(0, -6)],
    ['gzip', utf8(good)],
    ['deflate', utf8(good)],
  ])('the content encoding %s, or a body that is not in it', async (encoding, rawBody) => {
    const bytes = new Uint8Array(rawBody);
    const answer = await requestKey(app.url, undefined, { rawBody: bytes, headers: { 'content-encoding': encoding } });
    expectError(answer, 400, 'invalid_body');
  });

  test.each([
    ['gzip', gzipSync(JSON.stringify({ api_key_name: 'in gzip' }))],
    ['deflate', deflateSync(JSON.stringify({ api_key_name: 'in deflate' }))],
    ['identity', utf8(JSON.stringify({ api_key_name: 'in nothing' }))],
  ])('but not the content encoding %s', async (encoding, rawBody) => {
    const bytes = new Uint8Array(rawBody);
    const { status } = await requestKey(app.url, undefined, {
      rawBody: bytes,
      headers: { 'content-encoding': encoding },
    });
    expect(status).toBe(200);
  });

  test('a body of more than 16 KiB, while one of exactly that is fine', async () => {
    const padded = (length: number, name: string) =>
      `{"api_key_name": "${name}"${' '.repeat(length - 21 - name.length)} }`;
    const fits = padded(16 * 1024, 'fits');
    expect(fits).toHaveLength(16 * 1024);
    expect((await requestKey(app.url, undefined, { rawBody: fits })).status).toBe(200);
    expectError(await requestKey(app.url, undefined, { rawBody: padded(16 * 1024 + 1, 'not') }), 400, 'body_too_large');
    expectError(await requestKey(app.url, { api_key_name: 'x'.repeat(1024 * 1024) }), 400, 'body_too_large');
  });

  test('a gzip bomb, without inflating it', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    const before = process.memoryUsage().arrayBuffers;
    const answer = await requestKey(app.url, undefined, { rawBody: bomb, headers: { 'content-encoding': 'gzip' } });
    expectError(answer, 400, 'body_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test.each([
    ['alone', {}],
    ['beside a wrong value', { expires_in_days: 'soon' }],
    ['where only the prototype has it', { __proto__: { api_key_name: 'inherited' } }],
  ])('a missing api_key_name %s', async (_what, body) => {
    const answer = await requestKey(app.url, body);
    expectError(answer, 400, 'missing_field');
    expect(answer.body['details']).toBe('api_key_name: is required');
  });
});
