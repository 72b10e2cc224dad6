import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, test } from 'vitest';
import { createClient, listAllApiKeys } from '../src/index.ts';
import { failureOf } from './harness/failure-of.ts';
import { startProxy, startService } from './harness/proxy.ts';

const baseUrl = await startService();
const proxy = await startProxy(baseUrl);

test('a client sends its requests with the given fetch', async () => {
  const sent: string[] = [];
  const custom = createClient({
    baseUrl: proxy.url,
    fetch: (url, init) => {
      sent.push(`${init.method} ${url}`);
      return fetch(url, init);
    },
  });
  await custom.getOpenApiDocument();
  expect(sent).toEqual([`GET ${proxy.url}/api/v1/docs/doc.json`]);
});

describe('a method', () => {
  test('requestApiKey returns the six published fields', async () => {
    const client = createClient({ baseUrl, token: tokenFor('ada') });
    const key = await client.requestApiKey({ api_key_name: 'MyFirstKey', expires_in_days: 30 });
    expect(key).toEqual({
      api_key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/),
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      expires_in_days: 30,
      is_active: true,
      name: 'MyFirstKey',
    });
  });

  test('getUsage returns the nine published fields, and getDailyUsage rows', async () => {
    const client = createClient({ baseUrl, token: tokenFor('ada', { tier: 'pioneer' }) });
    expect(await client.getUsage()).toEqual({
      daily_quota_consumed: 0,
      daily_quota_limit: 500,
      monthly_quota_consumed: 0,
      monthly_quota_limit: 15_000,
      remaining_daily: 500,
      remaining_monthly: 15_000,
      rate_limit_windows: ['20 req/min'],
      subscription_tier: 'pioneer',
      expiration: null,
    });
    expect(
      await client.getDailyUsage({ start_date: '2023-01-01', end_date: '2023-01-31' }),
    ).toEqual({ usage: [] });
  });

  test('listAllApiKeys returns the keys of all pages', async () => {
    const client = createClient({ baseUrl, token: tokenFor('complete') });
    for (const api_key_name of ['one', 'two', 'three'])
      await client.requestApiKey({ api_key_name });
    const byTwo: typeof client.listApiKeys = (query) =>
      client.listApiKeys({ ...query, page_size: 2 });
    const keys = await listAllApiKeys({ listApiKeys: byTwo });
    expect(keys.map(({ name }) => name).toSorted()).toEqual(['one', 'three', 'two']);
  });

  test('listApiKeys returns pages, by the token of the previous page', async () => {
    const client = createClient({ baseUrl, token: tokenFor('lister') });
    for (const api_key_name of ['one', 'two']) await client.requestApiKey({ api_key_name });
    const first = await client.listApiKeys({ page_size: 1 });
    const second = await client.listApiKeys({
      page_size: 1,
      page_token: first.next_page_token ?? undefined,
    });
    const names = [...first.keys, ...second.keys].map(({ name }) => name);
    expect(names.toSorted()).toEqual(['one', 'two']);
    expect(second.next_page_token).toBeNull();
    expect((await client.listApiKeys()).keys).toHaveLength(2);
    const error = await failureOf(client.listApiKeys({ page_token: 'x y&page_size=1' }));
    expect([error.code, error.details]).toEqual([
      'invalid_field',
      'page_token must be the next_page_token of a page of your keys.',
    ]);
  });

  test('the methods of a device login lead from the codes to the key', async () => {
    const program = createClient({ baseUrl });
    const { user_code, device_code } = await program.startDeviceLogin({ api_key_name: 'laptop' });
    const pending = await failureOf(program.redeemDeviceLogin({ device_code }));
    expect([pending.code, pending.status]).toEqual(['authorization_pending', 400]);
    const user = createClient({ baseUrl, token: tokenFor('device user') });
    expect((await user.approveDeviceLogin({ user_code })).state).toBe('pending');
    const decided = await user.approveDeviceLogin({ user_code, decision: 'approve' });
    expect(decided.state).toBe('approved');
    const key = await program.redeemDeviceLogin({ device_code });
    expect(key).toMatchObject({ name: 'device-laptop', api_key: expect.stringMatching(/^ant-/) });
  });

  test('getOpenApiDocument returns the document', async () => {
    const document = await createClient({ baseUrl, token: tokenFor('ada') }).getOpenApiDocument();
    expect(document).toMatchObject({ openapi: '3.1.1', paths: { '/api/v1/apikey/request': {} } });
  });

  test('verifyApiKey returns the owner of the key, without a token', async () => {
    const ada = createClient({ baseUrl, token: tokenFor('ada') });
    const { api_key } = await ada.requestApiKey({ api_key_name: 'MyOtherKey' });
    const client = createClient({ baseUrl });
    expect(await client.verifyApiKey(api_key)).toEqual({
      user_id: 'ada',
      name: 'MyOtherKey',
      tier: 'enterprise',
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
    const error = await failureOf(client.verifyApiKey(`${api_key}x`));
    expect([error.code, error.status]).toEqual(['invalid_key', 401]);
  });

  test('sends a key only with operations that take one, and no token with it', async () => {
    const client = createClient({
      baseUrl: proxy.url,
      token: () => Promise.reject(new Error('asked')),
    });
    await failureOf(client.verifyApiKey('some-key'));
    expect(proxy.received.at(-1)?.headers).toMatchObject({ 'x-api-key': 'some-key' });
    expect(proxy.received.at(-1)?.headers.authorization).toBeUndefined();
    await client.getOpenApiDocument();
    expect(proxy.received.at(-1)?.headers).not.toHaveProperty('x-api-key');
  });

  test('rejects with a TypeError if an operation needs a token and the client has none', async () => {
    await expect(createClient({ baseUrl }).getUser()).rejects.toThrow(TypeError);
  });

  test('calls the token function only for operations that take a token', async () => {
    const client = createClient({
      baseUrl: proxy.url,
      token: () => Promise.reject(new Error('asked')),
    });
    await client.getOpenApiDocument();
    expect(proxy.received.at(-1)?.headers.authorization).toBeUndefined();
    await expect(client.requestApiKey({ api_key_name: 'a key' })).rejects.toThrow(
      new Error('asked'),
    );
  });

  test.each([tokenFor('text'), () => tokenFor('function'), async () => tokenFor('promise')])(
    'accepts the token as a string, a function and an async function',
    async (token) => {
      const key = await createClient({ baseUrl, token }).requestApiKey({ api_key_name: 'a key' });
      expect(key.name).toBe('a key');
    },
  );

  test('accepts a base URL with a path, with or without a trailing slash', async () => {
    for (const [url, path] of [
      [`${proxy.url}/below`, '/below/api/v1/docs/doc.json'],
      [`${proxy.url}/below/`, '/below/api/v1/docs/doc.json'],
      [new URL(proxy.url), '/api/v1/docs/doc.json'],
    ] as const) {
      await createClient({ baseUrl: url, token: 'none' })
        .getOpenApiDocument()
        .catch(() => {});
      expect(proxy.received.at(-1)?.path).toBe(path);
    }
  });
});

describe('createClient', () => {
  test.each([
    '',
    'andamio',
    'ftp://host',
    'https://user:hunter2@host',
    'https://host?key=hunter2',
    'https://host#hunter2',
  ])('createClient rejects the base URL %o without repeating it', (url) => {
    const make = () => createClient({ baseUrl: url, token: 'none' });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^(?!.*hunter2)/);
  });

  test.each(['attemptTimeoutMs', 'totalTimeoutMs', 'maxAttempts'])(
    'createClient rejects invalid values of %s',
    (name) => {
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
        expect(() => createClient({ baseUrl, token: 'none', [name]: value })).toThrow(RangeError);
      }
    },
  );
});
