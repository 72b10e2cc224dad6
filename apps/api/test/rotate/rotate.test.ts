import { getUser, requestKey, rotateKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
const day = 86_400_000;

describe('POST /api/v1/apikey/rotate', () => {
  let app: TestApp;
  let now = startedAt;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, tier = 'enterprise') => ({
    token: tokenFor(sub, { tier, iat: 0, exp: now / 1000 + 3600 }),
  });

  /** Issues a key at a fixed time and advances the clock. */
  async function issueAndWait(sub: string, days: number, milliseconds: number) {
    now = startedAt;
    const body = { api_key_name: 'MyFirstKey', expires_in_days: days };
    expect((await requestKey(app.url, body, as(sub))).status).toBe(200);
    now = startedAt + milliseconds;
  }

  test.each([
    [
      'by its own period from its expiry, within a day of it',
      30,
      29 * day,
      {},
      '2025-10-30T23:59:59Z',
    ],
    [
      'by the given period from now, once expired',
      30,
      40 * day,
      { expires_in_days: 7 },
      '2025-10-17T23:59:59Z',
    ],
    ['by its own period from now, once expired', 30, 40 * day, {}, '2025-11-09T23:59:59Z'],
    ['and ignores unknown fields', 1, 0, { user_id: 'other', tier: 'x' }, '2025-09-02T23:59:59Z'],
  ])('rotate extends a key %s', async (what, days, wait, more, until) => {
    await issueAndWait(what, days, wait);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey', ...more }, as(what));
    expect(answer.body).toEqual({ confirmation: `API key expiration extended to ${until}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const { body } = await getUser(app.url, as(what));
    expect(body['active_keys']).toMatchObject([
      { expires_at: until, created_at: '2025-08-31T23:59:59Z' },
    ]);
  });

  test("rotate makes the given expires_in_days, such as 3.0, the key's own period", async () => {
    await issueAndWait('own number', 1, 0);
    const rawBody = '{"api_key_name": "MyFirstKey", "expires_in_days": 3.0}';
    expect((await rotateKey(app.url, undefined, { ...as('own number'), rawBody })).status).toBe(
      200,
    );
    const { body } = await getUser(app.url, as('own number'));
    expect(body['active_keys']).toMatchObject([
      { expires_in_days: 3, expires_at: '2025-09-04T23:59:59Z' },
    ]);
  });

  test('rotate responds with 409 to a key that is valid for more than a day, and does not change it', async () => {
    await issueAndWait('early', 30, 29 * day - 1000);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('early'));
    expectError(answer, 409, 'not_yet_rotatable');
    expect(answer.body['details']).not.toContain('MyFirstKey');
    const { body } = await getUser(app.url, as('early'));
    expect(body['active_keys']).toMatchObject([{ expires_at: '2025-09-30T23:59:59Z' }]);
  });

  test('rotate extends an expired key until 30 days after its expiry, then responds with 404', async () => {
    await issueAndWait('removed', 1, 31 * day);
    expectError(
      await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('removed')),
      404,
      'no_such_key',
    );
    now -= 1000;
    expect((await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('removed'))).status).toBe(
      200,
    );
  });

  test('rotate compares names exactly', async () => {
    await issueAndWait('names', 1, 0);
    for (const name of ['myfirstkey', 'MyFirstKey ', ' MyFirstKey']) {
      expectError(
        await rotateKey(app.url, { api_key_name: name }, as('names')),
        404,
        'no_such_key',
      );
    }
  });

  test.each(['null', '"30"', '30.5', 'true', '[30]', '{}', '0', '-1', '1e400'])(
    'rotate responds with 422 to expires_in_days %s before it looks up the name',
    async (json) => {
      const rawBody = `{"api_key_name": "unknown", "expires_in_days": ${json}}`;
      const answer = await rotateKey(app.url, undefined, { ...as('days'), rawBody });
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^expires_in_days must /);
    },
  );

  test('rotate responds with 422 to an expiry after the year 9999, to the day', async () => {
    await issueAndWait('late', 1, 0);
    const left = Math.floor((Date.UTC(9999, 11, 31, 23, 59, 59) - (startedAt - 999 + day)) / day);
    const by = (expires_in_days: number) =>
      rotateKey(app.url, { api_key_name: 'MyFirstKey', expires_in_days }, as('late'));
    expectError(await by(1e300), 422, 'expiry_too_late');
    expectError(await by(left + 1), 422, 'expiry_too_late');
    expect((await by(left)).body).toEqual({
      confirmation: 'API key expiration extended to 9999-12-31T23:59:59Z',
    });
  });

  test('rotate responds with 429 without Retry-After to an expired key when the maximum is reached', async () => {
    await issueAndWait('full', 1, day);
    const pioneer = as('full', 'pioneer');
    expect((await requestKey(app.url, { api_key_name: 'second' }, pioneer)).status).toBe(200);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, pioneer);
    expectError(answer, 429, 'key_limit_reached');
    expect(answer.headers.has('retry-after')).toBe(false);
    expect(
      (await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('full', 'starter'))).status,
    ).toBe(200);
  });

  test('rotate extends an unexpired key although the owner exceeds the maximum of a lower tier', async () => {
    await issueAndWait('smaller', 1, 0);
    expect((await requestKey(app.url, { api_key_name: 'second' }, as('smaller'))).status).toBe(200);
    const answer = await rotateKey(
      app.url,
      { api_key_name: 'MyFirstKey' },
      as('smaller', 'pioneer'),
    );
    expect(answer.status).toBe(200);
  });
});

test('rotate responds with 422 to more days than MAX_EXPIRES_IN_DAYS, also to those of the key', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const before = await startApp({ store });
  const body = { api_key_name: 'MyFirstKey', expires_in_days: 91 };
  expect((await requestKey(before.url, body)).status).toBe(200);
  const now = Date.now() + 91 * day;
  const app = await startApp({ store, maximumDays: 90, now: () => now });
  onTestFinished(() => app.close());
  const options = { token: tokenFor('user', { exp: now / 1000 + 3600 }) };
  const rotate = (more: object) =>
    rotateKey(app.url, { api_key_name: 'MyFirstKey', ...more }, options);
  for (const more of [{}, { expires_in_days: 91 }]) {
    const answer = await rotate(more);
    expectError(answer, 422, 'expiry_too_late');
    expect(answer.body['details']).toMatch(/^expires_in_days must be at most 90\./);
  }
  expect((await rotate({ expires_in_days: 90 })).status).toBe(200);
  expect((await rotate({})).status, 'its own number is now 90, and it is valid').toBe(409);
});
