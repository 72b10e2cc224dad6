import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { talk } from '../harness/raw-socket.ts';
import { requestPath } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

/** Bounds one property, in time and in number. */
const bounds = { numRuns: 400, interruptAfterTimeLimit: 8_000 };

describe('no input gives 500 or hangs', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  let owners = 0;

  /** Sends a request and checks that the answer is one that the contract knows, within 5 s. */
  async function survives(path: string, init: RequestInit) {
    const response = await fetch(`${app.url}${path}`, { ...init, signal: AbortSignal.timeout(5_000) });
    const body = (await response.json()) as Record<string, unknown>;
    if (response.status === 200) {
      expect(Object.keys(body).sort()).toEqual([
        'api_key',
        'created_at',
        'expires_at',
        'expires_in_days',
        'is_active',
        'name',
      ]);
    } else {
      expect([400, 401, 403, 404, 405, 422, 429]).toContain(response.status);
      expect(Object.keys(body).sort()).toEqual(['details', 'message', 'statusCode']);
      expect(body['statusCode']).toBe(response.status);
    }
  }

  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => ({
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenFor(`fuzz ${owners++ % 50}`)}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  });

  test('any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), (json) => survives(requestPath, post(json))),
      bounds,
    );
  });

  test('any values in the known fields', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.bigInt().map(Number),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const body = fc.record({ api_key_name: value, expires_in_days: value, ['__proto__']: value }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(body, (fields) => survives(requestPath, post(JSON.stringify(fields)))),
      bounds,
    );
  });

  test('any bytes, in any encoding', async () => {
    const encoding = fc.constantFrom('identity', 'gzip', 'deflate', 'br', '');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), encoding, (bytes, name) =>
        survives(requestPath, post(new Uint8Array(bytes), { 'content-encoding': name })),
      ),
      bounds,
    );
  });

  test('a good request with one byte changed', async () => {
    const good = new TextEncoder().encode('{"api_key_name": "MyFirstKey", "expires_in_days": 365}');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), (index, byte) =>
        survives(requestPath, post(new Uint8Array(good).fill(byte, index, index + 1))),
      ),
      bounds,
    );
  });

  test('any headers', async () => {
    const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
    const names = [
      'authorization',
      'content-type',
      'content-encoding',
      'x-request-id',
      'x-forwarded-for',
      'traceparent',
    ];
    const headers = fc.dictionary(fc.constantFrom(...names, 'origin', 'expect', 'x-cloud-trace-context'), value);
    await fc.assert(
      fc.asyncProperty(headers, async (more) => {
        const lines = Object.entries({ authorization: `Bearer ${tokenFor('headers')}`, ...more }).map(
          ([name, text]) => `${name}: ${text}`,
        );
        const head = [`POST ${requestPath} HTTP/1.1`, 'Host: x', 'Connection: close', 'Content-Length: 2', ...lines];
        const { text } = await talk(app.port, Buffer.from(`${head.join('\r\n')}\r\n\r\n{}`, 'latin1'));
        expect(text).toMatch(/^HTTP\/1\.1 (400|401|429) /);
      }),
      bounds,
    );
  });

  test('any path', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), (path) => survives(`/x${path}`, post('{}'))),
      bounds,
    );
  });
});
