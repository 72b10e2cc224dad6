import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { getUser, requestKey, rotateKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

const begun = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
const day = 86_400_000;

describe('POST /api/v1/apikey/rotate', () => {
  let app: TestApp;
  let now = begun;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, tier = 'enterprise') => ({ token: tokenFor(sub, { tier, iat: 0, exp: now / 1000 + 3600 }) });

  /** Issues a key of so many days when the tests begin, then moves the clock. */
  async function issueAndWait(sub: string, days: number, milliseconds: number) {
    now = begun;
    const body = { api_key_name: 'MyFirstKey', expires_in_days: days };
    expect((await requestKey(app.url, body, as(sub))).status).toBe(200);
    now = begun + milliseconds;
  }

  test.each([
    ["within a day of its expiry by the key's own number, from the expiry", 30, 29 * day, {}, '2025-10-30T23:59:59Z'],
    [
      'once expired by the number of days given, from now',
      30,
      40 * day,
      { expires_in_days: 7 },
      '2025-10-17T23:59:59Z',
    ],
    ["once expired by the key's own number", 30, 40 * day, {}, '2025-11-09T23:59:59Z'],
    ['whatever else is sent', 1, 0, { user_id: 'other', tier: 'x' }, '2025-09-02T23:59:59Z'],
  ])('200: a key is extended %s', async (what, days, wait, more, until) => {
    await issueAndWait(what, days, wait);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey', ...more }, as(what));
    expect(answer.body).toEqual({ confirmation: `API key expiration extended to ${until}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const { body } = await getUser(app.url, as(what));
    expect(body['active_keys']).toMatchObject([{ expires_at: until, created_at: '2025-08-31T23:59:59Z' }]);
  });

  test("200: the number given, 3.0 being one, becomes the key's own", async () => {
    await issueAndWait('own number', 1, 0);
    const rawBody = '{"api_key_name": "MyFirstKey", "expires_in_days": 3.0}';
    expect((await rotateKey(app.url, undefined, { ...as('own number'), rawBody })).status).toBe(200);
    const { body } = await getUser(app.url, as('own number'));
    expect(body['active_keys']).toMatchObject([{ expires_in_days: 3, expires_at: '2025-09-04T23:59:59Z' }]);
  });

  test('409: a key that is valid for more than a day from now is left as it is', async () => {
    await issueAndWait('early', 30, 29 * day - 1000);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('early'));
    expectError(answer, 409, 'not_yet_rotatable');
    expect(answer.body['details']).not.toContain('MyFirstKey');
    const { body } = await getUser(app.url, as('early'));
    expect(body['active_keys']).toMatchObject([{ expires_at: '2025-09-30T23:59:59Z' }]);
  });

  test('404: 30 days after its expiry a key is gone, and a second before it is not', async () => {
    await issueAndWait('gone', 1, 31 * day);
    expectError(await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('gone')), 404, 'no_such_key');
    now -= 1000;
    expect((await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('gone'))).status).toBe(200);
  });

  test('404: names compare by code point, untrimmed', async () => {
    await issueAndWait('names', 1, 0);
    for (const name of ['myfirstkey', 'MyFirstKey ', ' MyFirstKey']) {
      expectError(await rotateKey(app.url, { api_key_name: name }, as('names')), 404, 'no_such_key');
    }
  });

  test.each(['null', '"30"', '30.5', 'true', '[30]', '{}', '0', '-1', '1e400'])(
    '422: expires_in_days is %s, also for a name that is not held',
    async (json) => {
      const rawBody = `{"api_key_name": "nobody", "expires_in_days": ${json}}`;
      const answer = await rotateKey(app.url, undefined, { ...as('days'), rawBody });
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^expires_in_days: must /);
    },
  );

  test('422: what would pass the year 9999, to the day', async () => {
    await issueAndWait('late', 1, 0);
    const left = Math.floor((Date.UTC(9999, 11, 31, 23, 59, 59) - (begun - 999 + day)) / day);
    const by = (expires_in_days: number) =>
      rotateKey(app.url, { api_key_name: 'MyFirstKey', expires_in_days }, as('late'));
    expectError(await by(1e300), 422, 'expiry_too_late');
    expectError(await by(left + 1), 422, 'expiry_too_late');
    expect((await by(left)).body).toEqual({ confirmation: 'API key expiration extended to 9999-12-31T23:59:59Z' });
  });

  test('429: an expired key is not revived where the tier is full, and waiting does not help', async () => {
    await issueAndWait('full', 1, day);
    const pioneer = as('full', 'pioneer');
    expect((await requestKey(app.url, { api_key_name: 'second' }, pioneer)).status).toBe(200);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, pioneer);
    expectError(answer, 429, 'key_limit_reached');
    expect(answer.headers.has('retry-after')).toBe(false);
    expect((await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('full', 'starter'))).status).toBe(200);
  });

  test('200: a key that has not expired has its place, also where the tier has become smaller', async () => {
    await issueAndWait('smaller', 1, 0);
    expect((await requestKey(app.url, { api_key_name: 'second' }, as('smaller'))).status).toBe(200);
    const answer = await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, as('smaller', 'pioneer'));
    expect(answer.status).toBe(200);
  });
});
