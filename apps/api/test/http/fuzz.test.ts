import { makeKey } from '@andamio/schema/key-format';
import {
  deleteApiKey,
  getDailyUsage,
  type Operation,
  requestApiKey,
  rollApiKey,
  rotateApiKey,
  verifyApiKey,
} from '@andamio/schema/operations';
import { newKey, requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { messages } from '../harness/expect-error.ts';
import { expectPublishedSuccess } from '../harness/published-schema.ts';
import { sendRaw } from '../harness/raw-socket.ts';

/**
 * Number of runs, and limits on their duration in milliseconds. A run that hangs, or a property
 * that exceeds the time limit, fails the test, and fast-check prints the seed.
 */
const bounds = {
  numRuns: 400,
  timeout: 6_000,
  interruptAfterTimeLimit: 20_000,
  markInterruptAsFailure: true,
};
/**
 * Timeouts that end incomplete requests early. They suit only requests that open their own
 * connections: `fetch` reuses connections, and fails if the service closes one that it is about to
 * use.
 */
const timeouts = {
  headersTimeout: 250,
  requestTimeout: 250,
  keepAliveTimeout: 100,
  connectionsCheckingInterval: 25,
};

/** Statuses of the errors that arbitrary input may cause. */
const inputErrors = [400, 401, 404, 405, 409, 422, 429, 431];

/** Returns a generator of characters whose codes are between two codes, inclusive. */
const characters = (min: number, max: number) =>
  fc.integer({ min, max }).map((code) => String.fromCharCode(code));
const headerCharacter = characters(0x20, 0xff);
const visibleCharacter = characters(0x21, 0x7e);
const method = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'M-SEARCH',
);

describe('responses to arbitrary input', () => {
  let app: TestApp;
  let appForRawRequests: TestApp;
  beforeAll(async () => {
    app = await startApp();
    appForRawRequests = await startApp({ timeouts });
  });
  afterAll(() => Promise.all([app.close(), appForRawRequests.close()]));

  let requests = 0;
  /** Returns a token for one of 200 owners, so that some names are taken and limits are reached. */
  const freshToken = () => tokenFor(`fuzz ${requests++ % 200}`);

  function expectContract(operation: Operation, status: number, body: Record<string, unknown>) {
    if (status === 200) expectPublishedSuccess(operation, body);
    else {
      expect(body).toEqual({
        details: expect.any(String),
        message: messages[status],
        statusCode: status,
      });
      expect(inputErrors).toContain(status);
    }
  }

  async function post(
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    operation: Operation = requestApiKey,
  ) {
    const response = await fetch(`${app.url}${operation.path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${freshToken()}`,
        'content-type': 'application/json',
        ...headers,
      },
      body,
      signal: AbortSignal.timeout(5_000),
    });
    expectContract(operation, response.status, (await response.json()) as Record<string, unknown>);
  }

  /**
   * Sends bytes and checks the first response. A successful response must be one that the operation
   * publishes. Later responses are ignored, because excess bytes may count as another request. No
   * response is expected for an incomplete request, whose connection the service closes.
   */
  async function sendAndCheck(bytes: Uint8Array, operation: Operation = requestApiKey) {
    const { text } = await sendRaw(appForRawRequests.port, bytes);
    if (text === '') return;
    const [head = '', rest = ''] = text
      .replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
      .split(/\r\n\r\n(.*)/s);
    const status = Number(/^HTTP\/1\.1 (\d+) /.exec(head)?.[1]);
    const body = rest.slice(0, Number(/^Content-Length: (\d+)$/im.exec(head)?.[1] ?? 0));
    if (body === '')
      expect([200, 204, 302, 401, 404, 405, 429], 'a response to HEAD or a preflight').toContain(
        status,
      );
    else if (status !== 302 && !body.includes('"openapi"'))
      expectContract(operation, status, JSON.parse(body));
  }

  test('responds as documented to any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), (json) => post(json)),
      bounds,
    );
  });

  test('responds as documented to any values of known fields', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 120 });
    const value = fc.oneof(
      text,
      fc.double(),
      fc.bigInt().map(Number),
      fc.integer(),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const fields = fc.record(
      { api_key_name: value, expires_in_days: value, ['__proto__']: value },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fields, (body) => post(JSON.stringify(body))),
      bounds,
    );
  });

  test.each([rotateApiKey, rollApiKey, deleteApiKey])(
    '$path responds as documented to any values of its fields',
    async (operation) => {
      const name = fc.oneof(
        fc.constantFrom('abc', 'MyFirstKey'),
        fc.string({ unit: 'binary', maxLength: 120 }),
      );
      const value = fc.oneof(
        name,
        fc.double(),
        fc.integer({ min: -1, max: 400 }),
        fc.jsonValue({ maxDepth: 2 }),
      );
      const fields = fc.record(
        { api_key_name: value, expires_in_days: value, grace_seconds: value },
        { requiredKeys: [] },
      );
      const issued = fc.boolean();
      await fc.assert(
        fc.asyncProperty(fields, issued, async (body, issueFirst) => {
          if (issueFirst) await post('{"api_key_name": "abc", "expires_in_days": 1}');
          await post(JSON.stringify(body), {}, operation);
        }),
        bounds,
      );
    },
  );

  test('/api/v1/user/usage/daily responds as documented to any values of its fields', async () => {
    const year = fc.constantFrom('0000', '0001', '2024', '2025', '9999');
    const date = fc
      .tuple(year, fc.nat(13), fc.nat(32))
      .map((parts) => parts.map((one) => `${one}`.padStart(2, '0')));
    const value = fc.oneof(
      date.map((parts) => parts.join('-')),
      fc.string({ maxLength: 12 }),
      fc.jsonValue(),
    );
    const name = fc.oneof(
      fc.constant('abc'),
      fc.string({ unit: 'binary', maxLength: 120 }),
      fc.jsonValue(),
    );
    const fields = fc.record(
      {
        start_date: value,
        end_date: value,
        api_key_names: fc.oneof(fc.array(name), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    await post('{"api_key_name": "abc"}');
    await fc.assert(
      fc.asyncProperty(fields, (body) => post(JSON.stringify(body), {}, getDailyUsage)),
      bounds,
    );
  });

  test('issues a key with any name of a valid length that has no control character', async () => {
    const name = fc.string({ unit: 'binary', minLength: 3, maxLength: 100 });
    let issued = 0;
    await fc.assert(
      fc.asyncProperty(name, async (sent) => {
        const token = tokenFor(`names ${issued++}`);
        const { status, body } = await requestKey(app.url, { api_key_name: sent }, { token });
        expect(status).toBe(/\p{Cc}/u.test(sent) ? 422 : 200);
        if (status === 200) expect(body['name']).toBe(sent);
      }),
      bounds,
    );
  });

  test('responds as documented to any bytes in any content encoding', async () => {
    const encoding = fc.constantFrom('identity', 'gzip', 'deflate', 'br', '');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), encoding, (bytes, name) =>
        post(new Uint8Array(bytes), { 'content-encoding': name }),
      ),
      bounds,
    );
  });

  test('responds as documented to any headers', async () => {
    const name = fc.constantFrom(
      'authorization',
      'content-type',
      'content-encoding',
      'origin',
      'expect',
      'x-request-id',
      'x-forwarded-for',
      'x-forwarded-proto',
      'traceparent',
      'x-cloud-trace-context',
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.string({ unit: headerCharacter })), (more) => {
        const headers = {
          authorization: `Bearer ${freshToken()}`,
          'content-type': 'application/json',
          ...more,
        };
        const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
        const head = `POST ${requestApiKey.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n`;
        return sendAndCheck(Buffer.from(`${head}${lines.join('')}\r\n{}`, 'latin1'));
      }),
      bounds,
    );
  });

  test('responds as documented to any method on paths similar to known ones', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '/api',
        '/v1',
        '/apikey',
        '/request',
        '/docs',
        '/doc.json',
        '/health',
        '/..',
        '/%2e',
        '?',
      ),
      fc.string({ unit: visibleCharacter, maxLength: 5 }),
    );
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('')}`);
    await fc.assert(
      fc.asyncProperty(method, fc.oneof(path, fc.constant(requestApiKey.path)), (verb, target) =>
        sendAndCheck(
          Buffer.from(`${verb} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
        ),
      ),
      bounds,
    );
  });

  test('responds as documented to any key and method below the verify path', async () => {
    const owners = Array.from({ length: 20 }, (_, index) => `owner of a key ${index}`);
    const good = await Promise.all(owners.map((owner) => newKey(appForRawRequests.url, owner)));
    const key = fc.oneof(
      fc.constantFrom(...good),
      fc.string({ unit: headerCharacter, maxLength: 60 }),
      fc.gen().map(() => makeKey()),
    );
    const below = fc.string({ unit: visibleCharacter });
    const keys = fc.array(key, { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        method,
        below,
        keys,
        fc.string({ maxLength: 20 }),
        (verb, path, sent, body) => {
          const lines = sent.map((value) => `X-API-Key: ${value}\r\n`).join('');
          const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
          const head = `${verb} ${verifyApiKey.path}/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${length}${lines}\r\n`;
          return sendAndCheck(
            Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]),
            verifyApiKey,
          );
        },
      ),
      bounds,
    );
  });

  test('responds as documented to a valid request with a few bytes changed, removed or inserted', async () => {
    const body = '{"api_key_name": "MyFirstKey", "expires_in_days": 365}';
    const good = () =>
      Buffer.from(
        [
          `POST ${requestApiKey.path} HTTP/1.1`,
          'Host: x',
          'Connection: close',
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
          `Authorization: Bearer ${freshToken()}`,
          '',
          body,
        ].join('\r\n'),
      );
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      removed: fc.nat(3),
      inserted: fc.uint8Array({ maxLength: 3 }),
    });
    const mutated = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
      changes.reduce<Uint8Array>((bytes, { at, removed, inserted }) => {
        const index = Math.floor(at * bytes.length);
        return Buffer.concat([bytes.subarray(0, index), inserted, bytes.subarray(index + removed)]);
      }, good()),
    );
    // The requests are sent concurrently, because an incomplete request takes until its timeout.
    const batch = fc.array(mutated, { minLength: 100, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(
        batch,
        async (all) => void (await Promise.all(all.map((bytes) => sendAndCheck(bytes)))),
      ),
      { ...bounds, numRuns: 4 },
    );
  });
});
