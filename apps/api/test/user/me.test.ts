import { getUser, requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 59, 999);
const day = 86_400_000;

describe('GET /api/v1/user/me', () => {
  let app: TestApp;
  let now = startedAt;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, claims = {}) => ({
    token: tokenFor(sub, { iat: 0, exp: now / 1000 + 60, ...claims }),
  });

  test('/user/me returns the user of the token before the first key', async () => {
    const { status, body, headers } = await getUser(app.url, as('new', { tier: 'growth' }));
    expect(body).toEqual({
      user_id: 'new',
      alias: null,
      tier: 'growth',
      created_at: null,
      active_keys: [],
      expired_keys: [],
    });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-ratelimit-limit')).toBe('500');
  });

  test.each(['Ada', '', 'Ада \u{1F511}'])(
    '/user/me returns the alias %j of the token',
    async (alias) => {
      expect((await getUser(app.url, as('alias', { alias }))).body['alias']).toBe(alias);
    },
  );

  test('/user/me returns the tier of the current token', async () => {
    await requestKey(app.url, { api_key_name: 'first' }, as('tier', { tier: 'starter' }));
    expect((await getUser(app.url, as('tier', { tier: undefined }))).body['tier']).toBe('pioneer');
  });

  test('/user/me returns keys as issued, masked except for the first eight characters', async () => {
    now = startedAt;
    const issued = await requestKey(
      app.url,
      { api_key_name: 'first', expires_in_days: 30 },
      as('fields'),
    );
    const key = issued.body['api_key'] as string;
    const { body } = await getUser(app.url, as('fields'));
    expect(body['active_keys']).toEqual([
      { ...issued.body, api_key: `${key.slice(0, 8)}${'x'.repeat(36)}` },
    ]);
    expect(JSON.stringify(body)).not.toContain(key.slice(8));
    expect(body['created_at']).toBe('2025-08-31T23:59:59Z');
  });

  test('/user/me lists keys oldest first, expired ones separately until they are removed', async () => {
    now = startedAt;
    await requestKey(app.url, { api_key_name: 'brief', expires_in_days: 1 }, as('lists'));
    now += 1000;
    await requestKey(app.url, { api_key_name: 'bbb' }, as('lists'));
    await requestKey(app.url, { api_key_name: 'aaa' }, as('lists'));
    const lists = async () => {
      const { body } = await getUser(app.url, as('lists'));
      const of = (list: string) =>
        (body[list] as { name: string; is_active: boolean }[]).map(({ name, is_active }) => [
          name,
          is_active,
        ]);
      return [of('active_keys'), of('expired_keys')];
    };
    const brief = (isActive: boolean) => ['brief', isActive];
    const others = [
      ['aaa', true],
      ['bbb', true],
    ];
    expect(await lists()).toEqual([[brief(true), ...others], []]);
    now = startedAt + day;
    expect(await lists()).toEqual([others, [brief(false)]]);
    now = startedAt + 31 * day - 1000;
    expect(await lists()).toEqual([others, [brief(false)]]);
    now = startedAt + 31 * day;
    expect(await lists()).toEqual([others, []]);
    expect((await getUser(app.url, as('lists'))).body['created_at']).toBe('2025-08-31T23:59:59Z');
  });

  test("/user/me never returns another user's keys, whatever the query and headers contain", async () => {
    await requestKey(app.url, { api_key_name: 'theirs' }, as('victim'));
    const response = await fetch(`${app.url}/api/v1/user/me?user_id=victim&sub=victim`, {
      headers: {
        authorization: `Bearer ${as('curious').token}`,
        'x-user-id': 'victim',
        cookie: 'sub=victim',
      },
    });
    expect(await response.json()).toMatchObject({
      user_id: 'curious',
      created_at: null,
      active_keys: [],
    });
  });

  test('/user/me responds to HEAD like to GET without the body', async () => {
    const headers = { authorization: `Bearer ${as('head').token}` };
    const response = await fetch(`${app.url}/api/v1/user/me`, { method: 'HEAD', headers });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
