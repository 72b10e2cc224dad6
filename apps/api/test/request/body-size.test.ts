import { deflateSync, gzipSync } from 'node:zlib';
import { requestKey, requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const limit = 16 * 1024;

describe('limit of the body size', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const sendIn = (encoding: string, rawBody: string | Uint8Array) =>
    requestKey(app.url, undefined, {
      rawBody: typeof rawBody === 'string' ? rawBody : new Uint8Array(rawBody),
      headers: { 'content-encoding': encoding },
    });

  let names = 0;
  function padded(length: number) {
    const body = JSON.stringify({ api_key_name: `name ${names++}` });
    return `${body.slice(0, -1)}${' '.repeat(length - body.length)}}`;
  }

  test.each<[string, (text: string) => string | Uint8Array]>([
    ['identity', (text) => text],
    ['gzip', (text) => gzipSync(text)],
    ['deflate', (text) => deflateSync(text)],
  ])('accepts a body of 16 KiB in %s and rejects one more byte', async (encoding, encode) => {
    expect((await sendIn(encoding, encode(padded(limit)))).status).toBe(200);
    expectError(await sendIn(encoding, encode(padded(limit + 1))), 400, 'body_too_large');
  });

  test('measures the body size in bytes, not characters', async () => {
    const name = 'é'.repeat(limit / 2);
    expectError(await requestKey(app.url, { api_key_name: name }), 400, 'body_too_large');
  });

  test('rejects a body of 1 MiB', async () => {
    expectError(
      await requestKey(app.url, { api_key_name: 'x'.repeat(1024 * 1024) }),
      400,
      'body_too_large',
    );
  });

  test('rejects a body over 16 KiB without Content-Length', async () => {
    const pieces = Array.from({ length: 40 }, () => new TextEncoder().encode(' '.repeat(1024)));
    const response = await fetch(`${app.url}${requestPath}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenFor('user')}`, 'content-type': 'application/json' },
      body: ReadableStream.from(pieces),
      duplex: 'half',
    } as RequestInit);
    expect([response.status, response.headers.get('x-error-code')]).toEqual([
      400,
      'body_too_large',
    ]);
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(10 * 1024 * 1024))],
    ['deflate', deflateSync(Buffer.alloc(10 * 1024 * 1024))],
  ])('rejects a %s bomb of 10 MiB before it is inflated', async (encoding, bomb) => {
    expect(bomb.length, 'the compressed size is within the limit').toBeLessThan(limit);
    const before = process.memoryUsage().arrayBuffers;
    const startedAt = performance.now();
    expectError(await sendIn(encoding, bomb), 400, 'body_too_large');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * 1024 * 1024);
  });

  const wrapper = deflateSync('{"api_key_name": "blown up"}');
  const emptyBlock = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);
  test.each([
    [
      'empty gzip members',
      'gzip',
      Buffer.concat([
        ...Array.from({ length: 10_000 }, () => gzipSync('')),
        gzipSync('{"api_key_name": "blown up"}'),
      ]),
    ],
    [
      'empty deflate blocks',
      'deflate',
      Buffer.concat([
        wrapper.subarray(0, 2),
        ...Array.from({ length: 40_000 }, () => emptyBlock),
        wrapper.subarray(2),
      ]),
    ],
  ])(
    'rejects %s of more than 16 KiB, with and without Content-Length',
    async (_what, encoding, body) => {
      expect(body.length).toBeGreaterThan(limit);
      expectError(await sendIn(encoding, body), 400, 'body_too_large');

      const withoutLength = await fetch(`${app.url}${requestPath}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokenFor('user')}`,
          'content-type': 'application/json',
          'content-encoding': encoding,
        },
        body: ReadableStream.from([new Uint8Array(body)]),
        duplex: 'half',
      } as RequestInit);
      expect([withoutLength.status, withoutLength.headers.get('x-error-code')]).toEqual([
        400,
        'body_too_large',
      ]);
    },
  );
});
