import { freePort } from '@andamio/testing/free-port';
import { tokenFor } from '@andamio/testing/tokens';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Connection, call } from '../src/call.ts';
import { operations } from '../src/generated/contract.ts';
import { createClient, type Retry } from '../src/index.ts';
import type { IdempotentCallOptions, OperationDescriptor, RetryPolicy } from '../src/operation.ts';
import { failureOf } from './harness/failure-of.ts';
import {
  answering,
  breaking,
  cuttingTheAnswer,
  type Fault,
  failing,
  losingTheAnswer,
  silent,
  startProxy,
  startService,
} from './harness/proxy.ts';

const proxy = await startProxy(await startService());
const unusedUrl = `http://127.0.0.1:${await freePort()}`;
const connection: Connection = {
  baseUrl: proxy.url,
  token: tokenFor('ada'),
  attemptTimeoutMs: 10_000,
  totalTimeoutMs: 40_000,
  maxAttempts: 3,
};

let before = 0;
beforeEach(() => {
  proxy.next();
  before = proxy.received.length;
});
const attempts = () => proxy.received.slice(before);

let names = 0;
/** Requests a key as if the operation had the given retry policy. */
function requestKey(
  retryPolicy: RetryPolicy,
  options?: IdempotentCallOptions,
  changes: Partial<Connection> = {},
) {
  const operation: OperationDescriptor = { ...operations.requestApiKey, retryPolicy };
  return call(
    { ...connection, ...changes },
    operation,
    { body: { api_key_name: `key ${++names}` } },
    options,
  );
}
const read = (changes: Partial<Connection> = {}) =>
  call({ ...connection, ...changes }, operations.getOpenApiDocument, {});

/** Faults after which the service may have processed the request. */
const doubtful = [
  ['a 500', failing(500, 'internal')],
  ['a 500 with unknown outcome', failing(500, 'outcome_unknown')],
  ['a 503', failing(503, 'not_ready')],
  ['a 502 of a proxy', answering(502, {}, 'Bad Gateway')],
  ['a broken connection', breaking],
  ['a lost response', losingTheAnswer],
  ['a truncated response', cuttingTheAnswer],
  ['a timeout', silent],
] as const;

/** Returns a short timeout for a proxy that never responds, otherwise a long one. */
const patience = (fault: Fault) => ({ attemptTimeoutMs: fault === silent ? 1_000 : 10_000 });

describe('a request that may have been processed', () => {
  test.each(doubtful)(
    'does not retry a write without an Idempotency-Key after %s',
    async (_, fault) => {
      proxy.next(fault);
      await failureOf(requestKey('never', {}, patience(fault)));
      expect(attempts()).toHaveLength(1);
      expect(attempts()[0]?.headers['idempotency-key']).toBeUndefined();
    },
  );

  test.each(doubtful)('retries a read after %s', async (_, fault) => {
    proxy.next(fault, fault);
    expect(await read(patience(fault))).toHaveProperty('openapi');
    expect(attempts()).toHaveLength(3);
  });

  test.each(
    doubtful.filter(([, fault]) => fault !== losingTheAnswer && fault !== cuttingTheAnswer),
  )('retries a write with the same Idempotency-Key and body after %s', async (_, fault) => {
    proxy.next(fault, fault);
    expect(await requestKey('with-key', {}, patience(fault))).toHaveProperty('api_key');
    expect(attempts()).toHaveLength(3);
    expect(new Set(attempts().map(({ body }) => body)).size).toBe(1);
    const keys = new Set(attempts().map(({ headers }) => headers['idempotency-key']));
    expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });
});

describe('an error tells whether the request may have been processed', () => {
  test.each(doubtful)('mayHaveBeenProcessed is true after %s', async (_, fault) => {
    proxy.next(fault);
    expect(await failureOf(requestKey('never', {}, patience(fault)))).toMatchObject({
      mayHaveBeenProcessed: true,
    });
  });

  test.each([
    ['a refusal', failing(422, 'name_taken')],
    ['a failure that says that nothing was written', failing(500, 'store_unavailable')],
    ['a failure to verify the token', failing(500, 'signing_keys_unavailable')],
    ['a page of a proxy that knows no such path', answering(404, {}, '<h1>Not Found</h1>')],
    ['a redirect', answering(307, { location: proxy.url })],
  ])('mayHaveBeenProcessed is false after %s', async (_, fault) => {
    proxy.next(fault, fault, fault);
    expect(await failureOf(requestKey('with-key'))).toMatchObject({ mayHaveBeenProcessed: false });
  });

  test.each([
    ['the service is gone', { baseUrl: unusedUrl }],
    ['the token function does not respond', { token: () => new Promise<never>(() => {}) }],
  ])('mayHaveBeenProcessed is false if %s', async (_, changes) => {
    const hasty = { attemptTimeoutMs: 100, maxAttempts: 2, ...changes };
    expect(await failureOf(requestKey('with-key', {}, hasty))).toMatchObject({
      mayHaveBeenProcessed: false,
      details: expect.stringContaining('The request was not sent.'),
    });
  });

  test.each([
    [401, 'unauthenticated'],
    [403, 'suspended'],
    [422, 'idempotency_key_outdated'],
  ] as const)(
    'mayHaveBeenProcessed is true if any attempt was lost, although the last one got %d %s',
    async (status, code) => {
      proxy.next(losingTheAnswer, failing(status, code));
      expect(await failureOf(requestKey('with-key'))).toMatchObject({
        code,
        status,
        requestId: 'r-1',
        details: 'why An earlier attempt may have been processed.',
        mayHaveBeenProcessed: true,
      });
    },
  );

  describe('a refusal that shows that no lost attempt was processed', async () => {
    const token = tokenFor('bob', { tier: 'starter' });
    const client = createClient({ baseUrl: proxy.url, token });
    for (const api_key_name of ['one', 'two'])
      await client.requestApiKey({ api_key_name }, { idempotencyKey: api_key_name });

    // The service answers the second attempt itself, except for a key that has expired.
    test.each<[string, () => Promise<unknown>, ...Fault[]]>([
      ['missing_field', () => client.requestApiKey({} as never)],
      ['invalid_field', () => client.requestApiKey({ api_key_name: '' })],
      ['name_taken', () => client.requestApiKey({ api_key_name: 'one' })],
      ['key_limit_reached', () => client.requestApiKey({ api_key_name: 'three' })],
      [
        'expiry_too_late',
        () => client.requestApiKey({ api_key_name: 'three', expires_in_days: 3_000_000 }),
      ],
      [
        'idempotency_key_reused',
        () => client.requestApiKey({ api_key_name: 'three' }, { idempotencyKey: 'one' }),
      ],
      ['no_such_key', () => client.rollApiKey({ api_key_name: 'three' })],
      ['not_yet_rotatable', () => client.rotateApiKey({ api_key_name: 'one' })],
      [
        'key_expired',
        () => client.rollApiKey({ api_key_name: 'one' }),
        failing(409, 'key_expired'),
      ],
    ])('mayHaveBeenProcessed is false after %s', async (code, send, ...later) => {
      proxy.next(later.length === 0 ? losingTheAnswer : breaking, ...later);
      const error = await failureOf(send());
      expect(attempts()).toHaveLength(2);
      expect(error).toMatchObject({ code, mayHaveBeenProcessed: false });
      expect(error.details).not.toContain('An earlier attempt');
    });
  });
});

describe('a 429', () => {
  const refusing = failing(429, 'rate_limited', { 'retry-after': '0' });

  test.each(['never', 'with-key', 'always'] as const)(
    'retries a 429 after its Retry-After under the retry policy %s',
    async (retryPolicy) => {
      proxy.next(refusing, refusing);
      expect(await requestKey(retryPolicy)).toHaveProperty('api_key');
      expect(attempts()).toHaveLength(3);
    },
  );

  test('does not retry a 429 before its Retry-After', async () => {
    proxy.next(failing(429, 'rate_limited', { 'retry-after': '1' }));
    const start = performance.now();
    await requestKey('never');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  test('retries a 429 after an HTTP-date according to the clock of the service', async () => {
    const [now, soon] = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:38 GMT'];
    proxy.next(failing(429, 'rate_limited', { date: now, 'retry-after': soon }));
    const start = performance.now();
    await requestKey('never');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
    expect(attempts()).toHaveLength(2);
  });

  test.each([
    ['no header', {}],
    ['an invalid header', { 'retry-after': '1.5' }],
  ])('does not retry a 429 without a valid Retry-After: %s', async (_, headers) => {
    proxy.next(failing(429, 'key_limit_reached', headers));
    expect(await failureOf(read())).toMatchObject({
      code: 'key_limit_reached',
      retryAfter: undefined,
    });
    expect(attempts()).toHaveLength(1);
  });
});

test.each([
  failing(400, 'invalid_body'),
  failing(401, 'unauthenticated', { 'retry-after': '0' }),
  failing(422, 'invalid_field'),
  answering(200, {}, 'not JSON'),
])('does not retry permanent errors', async (fault) => {
  proxy.next(fault);
  await failureOf(read());
  expect(attempts()).toHaveLength(1);
});

describe('retries end', () => {
  test('stops after maxAttempts with the last error', async () => {
    proxy.next(failing(503, 'not_ready'), cuttingTheAnswer, failing(500, 'internal'));
    expect(await failureOf(read())).toMatchObject({ code: 'internal' });
    expect(attempts()).toHaveLength(3);
  });

  test('stops at once if the pause would exceed the total time', async () => {
    proxy.next(failing(503, 'not_ready', { 'retry-after': '3600' }));
    expect(await failureOf(read())).toMatchObject({ code: 'not_ready', retryAfter: 3600 });
    expect(attempts()).toHaveLength(1);
  });

  test('stops after the total time, whatever attempts remain', async () => {
    proxy.next(silent, silent, silent, silent);
    const start = performance.now();
    expect(
      await failureOf(read({ attemptTimeoutMs: 400, totalTimeoutMs: 500, maxAttempts: 100 })),
    ).toMatchObject({
      code: 'timeout',
    });
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});

test('calls the token function before every attempt', async () => {
  let asked = 0;
  proxy.next(failing(429, 'rate_limited', { 'retry-after': '0' }));
  await requestKey('never', {}, { token: () => tokenFor('ada', { jti: `${++asked}` }) });
  expect(new Set(attempts().map(({ headers }) => headers.authorization)).size).toBe(2);
});

describe('onRetry', () => {
  const limited = failing(429, 'rate_limited', { 'retry-after': '0' });

  /** Requests a key. Returns the numbers of its requests, its pauses, and the code of its error. */
  async function stepsOf(changes: Partial<Connection> = {}) {
    const steps: unknown[] = [];
    await requestKey('with-key', undefined, {
      ...changes,
      fetch: (url, init) => {
        steps.push('request');
        return fetch(url, init);
      },
      onRetry: ({ error: { code, mayHaveBeenProcessed }, pauseMs }) =>
        steps.push([code, mayHaveBeenProcessed, pauseMs]),
    }).catch(({ code }) => steps.push(code));
    return steps;
  }

  test('calls onRetry before each pause, with its length', async () => {
    proxy.next(failing(429, 'rate_limited', { 'retry-after': '1' }));
    expect(await stepsOf()).toEqual(['request', ['rate_limited', false, 1000], 'request']);
  });

  test('tells onRetry whether any attempt so far may have been processed', async () => {
    proxy.next(limited, losingTheAnswer, limited);
    expect(await stepsOf({ maxAttempts: 4 })).toEqual([
      'request',
      ['rate_limited', false, 0],
      'request',
      ['network', true, expect.any(Number)],
      'request',
      ['rate_limited', true, 0],
      'request',
    ]);
  });

  test('does not call onRetry after the last attempt', async () => {
    proxy.next(limited, limited);
    expect(await stepsOf({ maxAttempts: 2 })).toEqual([
      'request',
      ['rate_limited', false, 0],
      'request',
      'rate_limited',
    ]);
  });

  test('an error of onRetry ends the call', async () => {
    const failure = new Error('of the program');
    const onRetry = () => {
      throw failure;
    };
    proxy.next(limited);
    await expect(requestKey('with-key', undefined, { onRetry })).rejects.toBe(failure);
    expect(attempts()).toHaveLength(1);
  });

  test('createClient passes onRetry to every call', async () => {
    const codes: string[] = [];
    const onRetry = ({ error }: Retry) => void codes.push(error.code);
    proxy.next(limited);
    await createClient({ ...connection, onRetry }).getOpenApiDocument();
    expect(codes).toEqual(['rate_limited']);
  });
});

describe('an Idempotency-Key', () => {
  test('generates a new Idempotency-Key for each call', async () => {
    await requestKey('with-key');
    await requestKey('with-key');
    expect(new Set(attempts().map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  test("sends the caller's Idempotency-Key if there is one", async () => {
    await requestKey('with-key', { idempotencyKey: 'order-17' });
    expect(attempts()[0]?.headers['idempotency-key']).toBe('order-17');
  });

  test('rejects an invalid Idempotency-Key, and one for an operation that does not accept it', async () => {
    for (const idempotencyKey of ['', 'two words', 'ä', 'x'.repeat(129)]) {
      await expect(requestKey('with-key', { idempotencyKey })).rejects.toThrow(TypeError);
    }
    await expect(requestKey('never', { idempotencyKey: 'order-17' })).rejects.toThrow(TypeError);
    expect(attempts()).toHaveLength(0);
  });
});

test("follows the contract's retry policy of an operation", async () => {
  proxy.next(breaking);
  const outcome = await createClient(connection)
    .requestApiKey({ api_key_name: `key ${++names}` })
    .catch((error) => error);
  const mayRepeat = (operations.requestApiKey.retryPolicy as RetryPolicy) === 'with-key';
  expect(attempts()).toHaveLength(mayRepeat ? 2 : 1);
  expect(outcome).toHaveProperty(mayRepeat ? 'api_key' : 'code');
});
