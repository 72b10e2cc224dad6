import { isKey } from '@andamio/schema/key-format';
import { getUser, requestKey, rollKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
const day = 86_400_000;

describe('POST /api/v1/apikey/roll', () => {
  let app: TestApp;
  let now = startedAt;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string) => ({
    token: tokenFor(sub, { tier: 'pioneer', iat: now / 1000, exp: now / 1000 + 60 }),
  });
  const key = { api_key_name: 'MyFirstKey' };

  async function issue(sub: string) {
    now = startedAt;
    const { body } = await requestKey(app.url, { ...key, expires_in_days: 10 }, as(sub));
    return body;
  }

  test('roll returns a new key with the same name and expiry, and the expiry of the previous secret', async () => {
    const issued = await issue('fields');
    now += 60_000;
    const { status, body, headers } = await rollKey(app.url, key, as('fields'));
    expect(status).toBe(200);
    expect(body).toEqual({
      ...issued,
      api_key: expect.any(String),
      created_at: '2025-09-01T00:00:59Z',
      previous_expires_at: '2025-09-02T00:00:59Z',
    });
    expect(isKey(body['api_key'] as string)).toBe(true);
    expect(body['api_key']).not.toBe(issued['api_key']);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    [0, '2025-08-31T23:59:59Z'],
    [1.0, '2025-09-01T00:00:00Z'],
    [604_800, '2025-09-07T23:59:59Z'],
  ])('roll counts a grace of %d seconds from now', async (grace_seconds, previous_expires_at) => {
    await issue(`grace ${grace_seconds}`);
    const { body } = await rollKey(
      app.url,
      { ...key, grace_seconds },
      as(`grace ${grace_seconds}`),
    );
    expect(body).toMatchObject({ previous_expires_at });
  });

  test('roll never extends the expiry of the previous secret', async () => {
    await issue('late');
    now += 10 * day - 60_000;
    const { body } = await rollKey(app.url, key, as('late'));
    expect(body).toMatchObject({
      previous_expires_at: '2025-09-10T23:59:59Z',
      expires_at: '2025-09-10T23:59:59Z',
    });
  });

  test.each(['-1', '604801', '0.5', '"60"', 'null', 'true', '[]', '1e9'])(
    'roll responds with 422 to a grace of %s, naming the field without the value',
    async (json) => {
      const rawBody = `{"api_key_name": "MyFirstKey", "grace_seconds": ${json}}`;
      const answer = await rollKey(app.url, undefined, { ...as('invalid'), rawBody });
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^grace_seconds must be (an integer|0 to 604800)\.$/);
    },
  );

  test('roll responds with 409 to an expired key', async () => {
    await issue('expired');
    now += 10 * day;
    expectError(await rollKey(app.url, key, as('expired')), 409, 'key_expired');
  });

  test('roll leaves the user with one key, the new one', async () => {
    await issue('lists');
    const { body } = await rollKey(app.url, key, as('lists'));
    const start = (body['api_key'] as string).slice(0, 8);
    const lists = (await getUser(app.url, as('lists'))).body;
    expect(lists['active_keys']).toMatchObject([
      { name: 'MyFirstKey', api_key: `${start}${'x'.repeat(36)}` },
    ]);
    expectError(
      await requestKey(app.url, { api_key_name: 'other' }, as('lists')),
      429,
      'key_limit_reached',
    );
  });
});
