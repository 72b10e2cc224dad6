import { beforeEach, describe, expect, test } from 'vitest';
import { tokenFor } from '../../../apps/api/test/harness/tokens.ts';
import { type Connection, call } from '../src/call.ts';
import { operations } from '../src/generated/contract.ts';
import { createClient } from '../src/index.ts';
import type { IdempotentCallOptions, OperationFacts, Repeats } from '../src/operation.ts';
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
/** Asks for a key, as if the contract said this of its repetition. */
function requestKey(repeats: Repeats, options?: IdempotentCallOptions, changes: Partial<Connection> = {}) {
  const operation: OperationFacts = { ...operations.requestApiKey, repeats };
  return call({ ...connection, ...changes }, operation, { body: { api_key_name: `key ${++names}` } }, options);
}
const read = (changes: Partial<Connection> = {}) =>
  call({ ...connection, ...changes }, operations.getOpenApiDocument, {});

/** After each of these the service may have processed the request. */
const doubtful = [
  ['500', failing(500, 'internal')],
  ['500 whose outcome is unknown', failing(500, 'outcome_unknown')],
  ['503', failing(503, 'not_ready')],
  ['502 of a proxy', answering(502, {}, 'Bad Gateway')],
  ['a broken connection', breaking],
  ['an answer that is lost', losingTheAnswer],
  ['an answer that is cut', cuttingTheAnswer],
  ['silence', silent],
] as const;

/** Silence is waited for, everything else is not. */
const patience = (fault: Fault) => ({ attemptTimeoutMs: fault === silent ? 1_000 : 10_000 });

describe('what may have been processed', () => {
  test.each(doubtful)('is never sent again if it writes without an Idempotency-Key: %s', async (_, fault) => {
    proxy.next(fault);
    await failureOf(requestKey('never', {}, patience(fault)));
    expect(attempts()).toHaveLength(1);
    expect(attempts()[0]?.headers['idempotency-key']).toBeUndefined();
  });

  test.each(doubtful)('is sent again if it only reads: %s', async (_, fault) => {
    proxy.next(fault, fault);
    expect(await read(patience(fault))).toHaveProperty('openapi');
    expect(attempts()).toHaveLength(3);
  });

  test.each(doubtful.filter(([, fault]) => fault !== losingTheAnswer && fault !== cuttingTheAnswer))(
    'is sent again with the same Idempotency-Key and body: %s',
    async (_, fault) => {
      proxy.next(fault, fault);
      expect(await requestKey('by-key', {}, patience(fault))).toHaveProperty('api_key');
      expect(attempts()).toHaveLength(3);
      expect(new Set(attempts().map(({ body }) => body)).size).toBe(1);
      const keys = new Set(attempts().map(({ headers }) => headers['idempotency-key']));
      expect([...keys]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    },
  );
});

describe('a 429', () => {
  const refusing = failing(429, 'rate_limited', { 'retry-after': '0' });

  test.each(['never', 'by-key', 'freely'] as const)(
    'is repeated once its Retry-After is over, also where repetition is: %s',
    async (repeats) => {
      proxy.next(refusing, refusing);
      expect(await requestKey(repeats)).toHaveProperty('api_key');
      expect(attempts()).toHaveLength(3);
    },
  );

  test('is repeated no sooner than its Retry-After says', async () => {
    proxy.next(failing(429, 'rate_limited', { 'retry-after': '1' }));
    const start = performance.now();
    await requestKey('never');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  test('is repeated after an HTTP-date, by the clock of the service', async () => {
    const [now, soon] = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:38 GMT'];
    proxy.next(failing(429, 'rate_limited', { date: now, 'retry-after': soon }));
    const start = performance.now();
    await requestKey('never');
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
    expect(attempts()).toHaveLength(2);
  });

  test.each([
    ['none', {}],
    ['one that the RFC does not know', { 'retry-after': '1.5' }],
  ])('is never repeated without a Retry-After: %s', async (_, headers) => {
    proxy.next(failing(429, 'key_limit_reached', headers));
    expect(await failureOf(read())).toMatchObject({ code: 'key_limit_reached', retryAfter: undefined });
    expect(attempts()).toHaveLength(1);
  });
});

test.each([
  failing(400, 'invalid_body'),
  failing(401, 'unauthenticated', { 'retry-after': '0' }),
  failing(422, 'invalid_field'),
  answering(200, {}, 'not JSON'),
])('what repeating would not better is not repeated', async (fault) => {
  proxy.next(fault);
  await failureOf(read());
  expect(attempts()).toHaveLength(1);
});

describe('repetition ends', () => {
  test('after maxAttempts, with the last error', async () => {
    proxy.next(failing(503, 'not_ready'), cuttingTheAnswer, failing(500, 'internal'));
    expect(await failureOf(read())).toMatchObject({ code: 'internal' });
    expect(attempts()).toHaveLength(3);
  });

  test('where a pause would pass the total time: at once, with the error that asked for it', async () => {
    proxy.next(failing(503, 'not_ready', { 'retry-after': '3600' }));
    expect(await failureOf(read())).toMatchObject({ code: 'not_ready', retryAfter: 3600 });
    expect(attempts()).toHaveLength(1);
  });

  test('when the total time is over, however many attempts are left', async () => {
    proxy.next(silent, silent, silent, silent);
    const start = performance.now();
    expect(await failureOf(read({ attemptTimeoutMs: 400, totalTimeoutMs: 500, maxAttempts: 100 }))).toMatchObject({
      code: 'timeout',
    });
    expect(performance.now() - start).toBeLessThan(1_500);
  });
});

test('the token is asked for before every attempt, so that a long wait does not end in an expired one', async () => {
  let asked = 0;
  proxy.next(failing(429, 'rate_limited', { 'retry-after': '0' }));
  await requestKey('never', {}, { token: () => tokenFor('ada', { jti: `${++asked}` }) });
  expect(new Set(attempts().map(({ headers }) => headers.authorization)).size).toBe(2);
});

describe('an Idempotency-Key', () => {
  test('is another one for each call', async () => {
    await requestKey('by-key');
    await requestKey('by-key');
    expect(new Set(attempts().map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  test("is the caller's own where one is passed", async () => {
    await requestKey('by-key', { idempotencyKey: 'order-17' });
    expect(attempts()[0]?.headers['idempotency-key']).toBe('order-17');
  });

  test('that the service would refuse, or that the operation does not take, is not sent', async () => {
    for (const idempotencyKey of ['', 'two words', 'ä', 'x'.repeat(129)]) {
      await expect(requestKey('by-key', { idempotencyKey })).rejects.toThrow(TypeError);
    }
    await expect(requestKey('never', { idempotencyKey: 'order-17' })).rejects.toThrow(TypeError);
    expect(attempts()).toHaveLength(0);
  });
});

test('a method repeats as the contract says of its operation', async () => {
  proxy.next(breaking);
  const outcome = await createClient(connection)
    .requestApiKey({ api_key_name: `key ${++names}` })
    .catch((error) => error);
  const mayRepeat = (operations.requestApiKey.repeats as Repeats) === 'by-key';
  expect(attempts()).toHaveLength(mayRepeat ? 2 : 1);
  expect(outcome).toHaveProperty(mayRepeat ? 'api_key' : 'code');
});
