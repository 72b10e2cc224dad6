import {
  deleteKey,
  getUser,
  requestKey,
  requestPath,
  rollKey,
  rotateKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { sendRaw } from '../harness/raw-socket.ts';
import { fileStore } from '../harness/stores.ts';

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
const day = 86_400_000;

describe('Idempotency-Key', () => {
  let app: TestApp;
  let now = startedAt;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, idempotencyKey = 'attempt-1') => ({
    token: tokenFor(sub, { iat: now / 1000, exp: now / 1000 + 60 }),
    headers: { 'idempotency-key': idempotencyKey },
  });
  const key = { api_key_name: 'MyFirstKey' };
  const held = async (sub: string) =>
    (await getUser(app.url, as(sub))).body['active_keys'] as object[];

  test('returns the same key when the request is repeated with the same Idempotency-Key', async () => {
    now = startedAt;
    const first = await requestKey(app.url, key, as('same'));
    now += day - 1000;
    const second = await requestKey(app.url, key, as('same'));
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(second.headers.get('cache-control')).toBe('no-store');
    expect(await held('same')).toHaveLength(1);
  });

  test('ignores field order, defaults and unknown fields when it compares repeated bodies', async () => {
    const first = await requestKey(app.url, key, as('understood'));
    const rawBody =
      '{ "note": 1, "expires_in_days": 365.0, "api_key_name": "x", "api_key_name": "MyFirst\\u004bey" }';
    const second = await requestKey(app.url, undefined, { ...as('understood'), rawBody });
    expect(second.body).toEqual(first.body);
  });

  test.each([
    ['another name', { api_key_name: 'other' }],
    ['another number of days', { ...key, expires_in_days: 364 }],
  ])('responds with 422 to %s with the same Idempotency-Key', async (_, body) => {
    await requestKey(app.url, key, as('reused'));
    expectError(await requestKey(app.url, body, as('reused')), 422, 'idempotency_key_reused');
  });

  test('treats a repeated request after 24 hours as a new one', async () => {
    now = startedAt;
    await requestKey(app.url, key, as('a day'));
    now += day;
    expectError(await requestKey(app.url, key, as('a day')), 422, 'name_taken');
    const other = await requestKey(app.url, { api_key_name: 'other' }, as('a day'));
    expect(other.status).toBe(200);
  });

  test('replays a request whose expiry would now be after the year 9999', async () => {
    now = startedAt; // The key expires in the last second of the year 9999.
    const longest = {
      ...key,
      expires_in_days: Math.ceil((Date.UTC(9999, 11, 31, 23, 59, 59) - startedAt) / day),
    };
    const first = await requestKey(app.url, longest, as('longest'));
    expect(first.status).toBe(200);
    now += day - 1000;
    expect((await requestKey(app.url, longest, as('longest'))).body).toEqual(first.body);
    expectError(
      await requestKey(app.url, longest, as('longest', 'attempt-2')),
      422,
      'expiry_too_late',
    );
  });

  test('scopes an Idempotency-Key to its owner and operation', async () => {
    const mine = await requestKey(app.url, key, as('mine'));
    const theirs = await requestKey(app.url, key, as('theirs'));
    expect(theirs.status).toBe(200);
    expect(theirs.body['api_key']).not.toBe(mine.body['api_key']);
    const rolled = await rollKey(app.url, key, as('mine'));
    expect(rolled.status).toBe(200);
    expect(rolled.body['api_key']).not.toBe(mine.body['api_key']);
  });

  test('extends a key once when rotate is repeated', async () => {
    now = startedAt;
    await requestKey(app.url, { ...key, expires_in_days: 1 }, as('extended'));
    const extend = { ...key, expires_in_days: 1 };
    now += day; // The key has expired. If extended by one day, it could be extended again.
    const first = await rotateKey(app.url, extend, as('extended'));
    expect(first.body).toEqual({
      confirmation: 'API key expiration extended to 2025-09-02T23:59:59Z',
    });
    expect((await rotateKey(app.url, extend, as('extended'))).body).toEqual(first.body);
    expect(await held('extended')).toMatchObject([{ expires_at: '2025-09-02T23:59:59Z' }]);
    const next = await rotateKey(app.url, extend, as('extended', 'attempt-2'));
    expect(next.body).toEqual({
      confirmation: 'API key expiration extended to 2025-09-03T23:59:59Z',
    });
  });

  test('returns the same secret when roll is repeated', async () => {
    await requestKey(app.url, key, as('rolled'));
    const first = await rollKey(app.url, key, as('rolled'));
    now += 60_000;
    expect((await rollKey(app.url, key, as('rolled'))).body).toEqual(first.body);
    expect((await rollKey(app.url, key, as('rolled', 'attempt-2'))).body['api_key']).not.toBe(
      first.body['api_key'],
    );
  });

  test.each([
    ['deleted', deleteKey],
    ['rolled', rollKey],
  ])('responds with 422 to a repeated request whose key was %s', async (how, change) => {
    await requestKey(app.url, key, as(`since ${how}`));
    expect((await change(app.url, key, as(`since ${how}`, 'attempt-2'))).status).toBe(200);
    expectError(
      await requestKey(app.url, key, as(`since ${how}`)),
      422,
      'idempotency_key_outdated',
    );
  });

  test('does not replay a refusal', async () => {
    const token = (tier: string) => ({
      ...as('refused'),
      token: tokenFor('refused', { tier, exp: now / 1000 + 60 }),
    });
    await requestKey(app.url, { api_key_name: 'held' }, { token: token('pioneer').token });
    expectError(await requestKey(app.url, key, token('pioneer')), 429, 'key_limit_reached');
    expect((await requestKey(app.url, key, token('starter'))).status).toBe(200);
  });

  test.each([
    ['is empty', ''],
    ['has 129 characters', 'x'.repeat(129)],
    ['contains a space', 'two words'],
    ['is not ASCII', 'cl\u00e9'],
  ])(
    'responds with 422 to an Idempotency-Key that %s, without repeating it',
    async (_, idempotencyKey) => {
      const answer = await requestKey(app.url, key, as('invalid', idempotencyKey));
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toBe(
        'Idempotency-Key must be 1 to 128 visible ASCII characters, sent once.',
      );
    },
  );

  test('accepts an Idempotency-Key of 128 visible characters with the longest user id', async () => {
    const longest = '"\\'.repeat(64);
    const sub = '\u{1F511}'.repeat(128);
    const first = await requestKey(app.url, key, as(sub, longest));
    expect(first.status).toBe(200);
    expect((await requestKey(app.url, key, as(sub, longest))).body).toEqual(first.body);
  });

  test('ignores Idempotency-Key on other operations', async () => {
    await requestKey(app.url, key, as('others'));
    expect((await deleteKey(app.url, key, as('others', 'not a valid one'))).status).toBe(200);
  });

  test('responds with 422 to two Idempotency-Key headers', async () => {
    // fetch would join both values into one header.
    const body = JSON.stringify(key);
    const { text } = await sendRaw(
      app.port,
      [
        `POST ${requestPath} HTTP/1.1`,
        'Host: x',
        'Connection: close',
        `Authorization: Bearer ${as('twice').token}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Idempotency-Key: one',
        'Idempotency-Key: two',
        '',
        body,
      ].join('\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 422 .*\r\nX-Error-Code: invalid_field\r\n/s);
  });
});

test('stores neither the key of an idempotent request nor its Idempotency-Key', async () => {
  const { store, read } = fileStore();
  const app = await startApp({ store });
  const headers = { 'idempotency-key': 'a-recognizable-idempotency-key' };
  const { body } = await requestKey(app.url, { api_key_name: 'name' }, { headers });
  const everything = JSON.stringify(await read?.());
  expect(everything).not.toContain(String(body['api_key']).slice(8));
  expect(everything).not.toContain('recognizable');
  await app.close();
});
