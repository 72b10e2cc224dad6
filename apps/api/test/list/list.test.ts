import { createHash } from 'node:crypto';
import {
  deleteKey,
  listKeys,
  listPath,
  newKey,
  requestKey,
  rollKey,
  rotateKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp, testPepper } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly last_used_at: string | null;
  readonly [field: string]: unknown;
}

interface Page {
  readonly keys: readonly Listed[];
  readonly next_page_token: string | null;
}

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 30, 500);
const minute = 60_000;
const day = 86_400_000;

describe('GET /api/v1/apikey/list', () => {
  let app: TestApp;
  let now = startedAt;
  let user = '';
  let users = 0;
  beforeAll(async () => {
    app = await startApp({ now: () => now });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    now = startedAt;
    user = `user ${users++}`;
  });

  const options = (sub = user) => ({ token: tokenFor(sub, { iat: 0, exp: now / 1000 + 3600 }) });

  async function issue(name: string, expires_in_days = 30): Promise<string> {
    const body = { api_key_name: name, expires_in_days };
    const answer = await requestKey(app.url, body, options());
    expect(answer.status).toBe(200);
    return answer.body['api_key'] as string;
  }

  async function roll(name: string): Promise<string> {
    const answer = await rollKey(app.url, { api_key_name: name }, options());
    return answer.body['api_key'] as string;
  }

  async function list(query = ''): Promise<Page> {
    const { status, body } = await listKeys(app.url, query, options());
    expect(status).toBe(200);
    return body as unknown as Page;
  }

  /** Reads all pages, and calls `between` before each page but the first. */
  async function listAll(size: number, between: () => Promise<unknown> = async () => {}) {
    const pages = [await list(`page_size=${size}`)];
    for (let token = pages[0]?.next_page_token; token; token = pages.at(-1)?.next_page_token) {
      await between();
      pages.push(await list(`page_size=${size}&page_token=${token}`));
    }
    return pages;
  }

  async function use(key: string) {
    expect((await verifyKey(app.url, key)).status).toBe(200);
    await app.storeUsage();
  }

  test('list returns exactly the published fields of a new key', async () => {
    const key = await issue('MyFirstKey', 365);
    const { status, headers, body } = await listKeys(app.url, '', options());
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      keys: [
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          name: 'MyFirstKey',
          start: key.slice(0, 8),
          state: 'active',
          created_at: '2025-08-31T23:59:30Z',
          expires_at: '2026-08-31T23:59:30Z',
          previous_expires_at: null,
          last_used_at: null,
          requests_30d: 0,
        },
      ],
      next_page_token: null,
    });
  });

  test('list returns no keys to a user without keys, and none of other users', async () => {
    await issue('mine');
    user = `user ${users++}`;
    expect(await list()).toEqual({ keys: [], next_page_token: null });
  });

  test.each([
    ['active', 29 * day - 1],
    ['expiring', 29 * day],
    ['expiring', 30 * day - 1],
    ['expired', 30 * day],
    ['expired', 60 * day - 1],
    [undefined, 60 * day],
  ])('list shows a key of 30 days as %s after %d ms', async (state, after) => {
    now = Math.floor(startedAt / 1000) * 1000;
    await issue('MyFirstKey');
    now += after;
    expect((await list()).keys.map((key) => key.state)).toEqual(state ? [state] : []);
  });

  test('list shows a rolled key and its previous secret until that expires', async () => {
    const old = await issue('MyFirstKey');
    const [before] = (await list()).keys;
    now += 10_000;
    const current = await roll('MyFirstKey');
    const common = { name: 'MyFirstKey', last_used_at: null, requests_30d: 0 };
    expect((await list()).keys).toEqual([
      {
        ...common,
        id: before?.id,
        start: old.slice(0, 8),
        state: 'previous',
        created_at: '2025-08-31T23:59:30Z',
        expires_at: '2025-09-01T23:59:40Z',
        previous_expires_at: null,
      },
      {
        ...common,
        id: expect.not.stringContaining(before?.id ?? ''),
        start: current.slice(0, 8),
        state: 'active',
        created_at: '2025-08-31T23:59:40Z',
        expires_at: '2025-09-30T23:59:30Z',
        previous_expires_at: '2025-09-01T23:59:40Z',
      },
    ]);
    now += day;
    expect((await list()).keys).toMatchObject([{ state: 'active', previous_expires_at: null }]);
  });

  test('list shows the minute of the last request with each secret, once it is stored', async () => {
    const old = await issue('MyFirstKey');
    await issue('unused');
    await use(old);
    const current = await roll('MyFirstKey');
    now += minute;
    await use(current);
    const uses = async () =>
      Object.fromEntries(
        (await list()).keys.map((key) => [key.state + key.name, key.last_used_at]),
      );
    expect(await uses()).toEqual({
      previousMyFirstKey: '2025-08-31T23:59:00Z',
      activeMyFirstKey: '2025-09-01T00:00:00Z',
      activeunused: null,
    });
    now += 5 * minute;
    await use(current);
    await use(old);
    expect(await uses()).toMatchObject({
      previousMyFirstKey: '2025-09-01T00:05:00Z',
      activeMyFirstKey: '2025-09-01T00:05:00Z',
    });
  });

  test('list shows a last request of months ago', async () => {
    const key = await issue('MyFirstKey', 1_000);
    await use(key);
    now += 380 * day;
    expect((await list()).keys).toMatchObject([
      { last_used_at: '2025-08-31T23:59:00Z', requests_30d: 0 },
    ]);
  });

  test('list does not take a key for its deleted predecessor', async () => {
    await use(await issue('MyFirstKey'));
    await deleteKey(app.url, { api_key_name: 'MyFirstKey' }, options());
    await issue('MyFirstKey');
    expect((await list()).keys).toMatchObject([{ last_used_at: null, requests_30d: 1 }]);
  });

  test('list counts the requests of the last 30 UTC days, including today', async () => {
    const key = await issue('MyFirstKey', 365);
    app.countUsage(user, 'MyFirstKey', 100);
    now += day;
    app.countUsage(user, 'MyFirstKey', 20);
    await app.storeUsage();
    now += 29 * day;
    await use(key);
    expect((await list()).keys).toMatchObject([{ requests_30d: 21 }]);
  });

  test('the id of a key stays the same when it is rotated', async () => {
    await issue('MyFirstKey', 1);
    const [before] = (await list()).keys;
    await rotateKey(app.url, { api_key_name: 'MyFirstKey' }, options());
    expect((await list()).keys).toMatchObject([{ id: before?.id, name: 'MyFirstKey' }]);
  });

  test('list returns 50 keys by default, and the rest on the next page', async () => {
    const names = Array.from({ length: 51 }, (_, index) => `name ${index}`);
    for (const name of names) await issue(name);
    const first = await list();
    expect(first.keys).toHaveLength(50);
    const second = await list(`page_token=${first.next_page_token}`);
    expect(second.next_page_token).toBeNull();
    const listed = [...first.keys, ...second.keys].map(({ name }) => name);
    expect(listed.toSorted()).toEqual(names.toSorted());
    expect((await list('page_size=51')).next_page_token).toBeNull();
    expect((await list('page_size=100')).keys).toHaveLength(51);
  });

  test.each([1, 2, 3, 7])(
    'pages of %i contain every secret once, also of rolled keys, oldest first in each page',
    async (size) => {
      for (const name of ['one', 'two', 'three', 'four']) {
        now += 1_000;
        await issue(name);
      }
      for (const name of ['one', 'three', 'four']) {
        now += 1_000;
        await roll(name);
      }
      const pages = await listAll(size);
      const all = pages.flatMap(({ keys }) => keys);
      expect(new Set(all.map(({ id }) => id)).size).toBe(7);
      expect(all).toHaveLength(7);
      expect(pages).toHaveLength(Math.ceil(7 / size));
      for (const { keys } of pages) {
        const times = keys.map((key) => key['created_at']);
        expect(times).toEqual(times.toSorted());
      }
    },
  );

  test('pages show no secret twice and skip none while keys are created, deleted and rolled', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `name ${index}`);
    for (const name of names) await issue(name);
    for (const name of names) await roll(name);
    const before = new Map((await list('page_size=100')).keys.map((key) => [key.id, key]));
    const gone = new Set<string>();
    let step = 0;
    const pages = await listAll(3, async () => {
      const name = names[step] as string;
      for (const key of before.values()) if (key.name === name) gone.add(key.id);
      // A roll revokes the previous secret, and the current one becomes the previous one.
      if (step % 2 === 0) await roll(name);
      else await deleteKey(app.url, { api_key_name: name }, options());
      await issue(`created ${step++}`);
    });
    const ids = pages.flatMap(({ keys }) => keys.map(({ id }) => id));
    expect(new Set(ids).size, 'nothing twice').toBe(ids.length);
    const skipped = [...before.keys()].filter((id) => !gone.has(id) && !ids.includes(id));
    expect(skipped, 'nothing skipped').toEqual([]);
  });

  test.each(['0', '101', '-1', '1.5', '', 'ten', '1e1', '0x10', ' 5', '9'.repeat(400)])(
    'list responds with 422 to the page_size %j and names the field',
    async (size) => {
      const query = new URLSearchParams({ page_size: size }).toString();
      const answer = await listKeys(app.url, query, options());
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toMatch(/^page_size must be (1 to 100|an integer)\.$/);
    },
  );

  test('list responds with 422 to a repeated parameter', async () => {
    const answer = await listKeys(app.url, 'page_size=1&page_size=2', options());
    expectError(answer, 422, 'invalid_field');
    expect(answer.body['details']).toBe('page_size must be sent at most once.');
  });

  test('list responds with 422 to a page token that is garbage, changed or of another user', async () => {
    for (const name of ['one', 'two']) await issue(name);
    const token = (await list('page_size=1')).next_page_token as string;
    const middle = Math.floor(token.length / 2);
    const changed = token[middle] === 'A' ? 'B' : 'A';
    const forged = ['x', 'null', '{}', '[]', '[{}]', '[1]', '["one",1]'].map((content) => {
      const own = JSON.stringify([user, content]);
      const checksum = createHash('sha256').update(own).digest().subarray(0, 12);
      return Buffer.concat([checksum, Buffer.from(content)]).toString('base64url');
    });
    const tokens = [
      ...forged,
      '',
      'x',
      'null',
      '%ff%00',
      `${token}A`,
      `${token}=`,
      token.slice(0, -1),
      token.toLowerCase(),
      token.slice(0, middle) + changed + token.slice(middle + 1),
      'A'.repeat(3_000),
    ];
    const ask = (text: string, sub?: string) =>
      listKeys(app.url, `page_token=${text}`, options(sub));
    for (const answer of [
      ...(await Promise.all(tokens.map((text) => ask(text)))),
      await ask(token, 'another user'),
    ]) {
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toBe(
        'page_token must be the next_page_token of a page of your keys.',
      );
    }
    expect((await ask(token)).status).toBe(200);
  });

  test('list ignores other parameters', async () => {
    expect(await list('user_id=other&page=2')).toEqual({ keys: [], next_page_token: null });
  });
});

test('the id of a key does not depend on its digest, which changes when the key is rehashed', async () => {
  const store = createSqliteStore(':memory:', Date.now);
  const before = await startApp({ store });
  const key = await newKey(before.url, 'user');
  const ids = async (url: string) =>
    ((await listKeys(url)).body as unknown as Page).keys.map(({ id }) => id);
  const expected = await ids(before.url);
  const newer = { version: 'newer', secret: Buffer.alloc(32, 'newer') };
  const after = await startApp({ store, peppers: [newer, testPepper] });
  onTestFinished(() => after.close());
  expect((await verifyKey(after.url, key)).status).toBe(200);
  const version = async () => (await store.inspect('user'))?.keys[0]?.pepperVersion;
  await expect.poll(version).toBe('newer');
  expect(await ids(after.url)).toEqual(expected);
});

test('pages of listed origins may list keys, with a query', async () => {
  const origin = 'https://console.example.com';
  const app = await startApp({ settings: { corsOrigins: [origin] } });
  onTestFinished(() => app.close());
  const url = `${app.url}${listPath}?page_size=1`;
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
  expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization/);
  const { status, headers } = await listKeys(app.url, 'page_size=1', { headers: { origin } });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin]);
});
