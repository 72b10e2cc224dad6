import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { requestKey, requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

describe('encodings of the request body', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  let names = 0;
  const freshBody = () => JSON.stringify({ api_key_name: `name ${names++}` });
  const send = (rawBody: string | Uint8Array, headers: Record<string, string> = {}) =>
    requestKey(app.url, undefined, {
      rawBody: typeof rawBody === 'string' ? rawBody : new Uint8Array(rawBody),
      headers,
    });
  const sendIn = (encoding: string, rawBody: string | Uint8Array) =>
    send(rawBody, { 'content-encoding': encoding });

  describe('content type and charset', () => {
    test.each([
      'application/json',
      'Application/JSON',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'application/json ; charset = "Utf-8"',
      'application/json;charset=utf8',
      'application/json; utf-8',
      'application/json; charset=',
      'application/json; charset=latin1',
      'application/json; odata.metadata=minimal',
      'application/json; profile="https://example.com/a;b,c"',
      'application/json;',
    ])('accepts the content type %j', async (type) => {
      expect((await send(freshBody(), { 'content-type': type })).status).toBe(200);
    });

    test.each([
      '',
      'json',
      'text/plain',
      'text/json',
      'text/plain; application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'application/json5',
      'application/x-ndjson',
      'application/vnd.api+json',
      'application/json, application/json',
      'application/json charset=utf-8',
    ])('rejects the content type %j', async (type) => {
      expectError(await send(freshBody(), { 'content-type': type }), 400, 'invalid_body');
    });

    test('rejects a request without a content type', async () => {
      const response = await fetch(`${app.url}${requestPath}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenFor('user')}` },
        body: new TextEncoder().encode(freshBody()), // For a string, fetch would send a content type.
      });
      const { status, headers } = response;
      expectError(
        { status, headers, body: (await response.json()) as Record<string, unknown> },
        400,
        'invalid_body',
      );
    });

    test('requires UTF-8 regardless of the charset parameter', async () => {
      const latin1 = Buffer.from('{"api_key_name": "caf\u00e9"}', 'latin1');
      for (const charset of ['latin1', 'iso-8859-1', 'utf-16']) {
        const answer = await send(latin1, {
          'content-type': `application/json; charset=${charset}`,
        });
        expectError(answer, 400, 'invalid_body');
      }
    });

    const within = (...bytes: number[]) =>
      Buffer.concat([Buffer.from('{"api_key_name": "abc'), Buffer.from(bytes), Buffer.from('"}')]);

    test.each([
      ['a byte that never occurs in UTF-8', within(0xff)],
      ['a continuation byte without a start byte', within(0x80)],
      ['a truncated sequence', within(0xe2, 0x82)],
      ['an overlong encoding', within(0xc0, 0xaf)],
      ['an encoded surrogate', within(0xed, 0xa0, 0x80)],
      ['a code point above U+10FFFF', within(0xf4, 0x90, 0x80, 0x80)],
      ['Latin-1', Buffer.from('{"api_key_name": "caf\u00e9 latin"}', 'latin1')],
      ['UTF-16', Buffer.from('{"api_key_name": "abc"}', 'utf16le')],
      ['UTF-16 with a byte order mark', Buffer.from('\ufeff{"api_key_name": "abc"}', 'utf16le')],
      ['two byte order marks', '\ufeff\ufeff{"api_key_name": "abc"}'],
    ])('rejects a body with %s', async (_what, body) => {
      expectError(await send(body), 400, 'invalid_body');
    });

    test('ignores a byte order mark before the JSON (RFC 8259 section 8.1)', async () => {
      const { status, body } = await send('\ufeff{"api_key_name": "after a mark"}');
      expect([status, body['name']]).toEqual([200, 'after a mark']);
    });
  });

  describe('content encoding', () => {
    test.each([
      ['gzip', gzipSync],
      ['GZip', gzipSync],
      ['x-gzip', gzipSync],
      ['X-GZIP', gzipSync],
      ['deflate', deflateSync],
      ['identity', Buffer.from],
    ])('accepts the content encoding %s', async (encoding, encode) => {
      const { status, body } = await sendIn(
        encoding,
        encode(`{"api_key_name": "sent in ${encoding}"}`),
      );
      expect([status, body['name']]).toEqual([200, `sent in ${encoding}`]);
    });

    test('accepts gzip with several members (RFC 1952)', async () => {
      const { status } = await sendIn(
        'gzip',
        Buffer.concat([gzipSync('{"api_key_name": '), gzipSync('"members"}')]),
      );
      expect(status).toBe(200);
    });

    const good = '{"api_key_name": "never issued"}';
    const wrongChecksum = (gzip: Buffer) => gzip.fill(0, gzip.length - 8, gzip.length - 4);

    test.each([
      ['br', brotliCompressSync(good)],
      ['zstd', zstdCompressSync(good)],
      ['gzip, gzip', gzipSync(gzipSync(good))],
      ['x-deflate', deflateSync(good)],
      ['identity, gzip', gzipSync(good)],
      ['x-unknown', good],
      ['*', good],
    ])('rejects the content encoding %s', async (encoding, body) => {
      expectError(await sendIn(encoding, body), 400, 'invalid_body');
    });

    test.each([
      ['gzip truncated within its data', 'gzip', gzipSync(good).subarray(0, 20)],
      ['gzip without its last byte', 'gzip', gzipSync(good).subarray(0, -1)],
      ['gzip with a wrong checksum', 'gzip', wrongChecksum(gzipSync(good))],
      ['gzip with trailing bytes', 'gzip', Buffer.concat([gzipSync(good), Buffer.from('behind')])],
      ['plain JSON declared as gzip', 'gzip', good],
      ['gzip of an empty body', 'gzip', gzipSync('')],
      ['an empty body declared as gzip', 'gzip', ''],
      ['truncated deflate', 'deflate', deflateSync(good).subarray(0, -5)],
      [
        'deflate without the zlib wrapper (RFC 9110 section 8.4.1.2)',
        'deflate',
        deflateRawSync(good),
      ],
      ['gzip declared as deflate', 'deflate', gzipSync(good)],
      ['gzip declared as identity', 'identity', gzipSync(good)],
    ])('rejects %s', async (_what, encoding, body) => {
      expectError(await sendIn(encoding, body), 400, 'invalid_body');
    });
  });
});
