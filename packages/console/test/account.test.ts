import { ApiError, type Client } from '@andamio/client';
import { type ErrorCode, errorKinds } from '@andamio/schema/errors';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Account } from '../src/account/account.ts';
import type { Key } from '../src/account/visible-keys.ts';
import { english } from '../src/texts.ts';

const newError = ApiError as unknown as new (init: object) => ApiError;
const rateLimited = (retryAfter: number) =>
  new newError({ code: 'rate_limited', status: 429, details: 'Too many requests.', retryAfter });
const network = () =>
  new newError({ code: 'network', details: 'No answer.', mayHaveBeenProcessed: true });
const refused = (code: ErrorCode) =>
  new newError({ code, status: errorKinds[code].status, details: code });

/** Creates an account of a user that calls the operations of the given client. */
const accountOf = (client: object, user = 'ada') =>
  new Account(
    { call: (operation) => operation(client as Client), now: Date.now, user: () => user },
    () => english,
    () => {},
    () => {},
  );

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('addEventListener', () => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a write that gets no answer is not repeated after the account has ended', async () => {
  const requestApiKey = vi.fn(() => Promise.reject(network()));
  const account = accountOf({ requestApiKey });
  const created = account.create('CI on main', 90, { onRetry: () => {}, idempotencyKey: 'one' });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(requestApiKey).toHaveBeenCalledTimes(2);
  account.end();
  await vi.advanceTimersByTimeAsync(60_000);
  await created;
  expect(requestApiKey).toHaveBeenCalledTimes(2);
});

const usage = { requests: 12 };
const once = { onRetry: () => {}, idempotencyKey: 'one' };
const key = { name: 'CI on main' } as Key;

/** Returns a client whose operations succeed, apart from the given ones. */
const clientWith = (operations: object) => ({
  listApiKeys: async () => ({ keys: [], next_page_token: null }),
  getUsage: async () => usage,
  getDailyUsage: async () => ({ usage: [] }),
  deleteApiKey: async () => ({}),
  ...operations,
});

test('usage is read although a key is changed while it is being read', async () => {
  const answers: ((answer: typeof usage) => void)[] = [];
  const getUsage = () => new Promise((resolve) => answers.push(resolve));
  const account = accountOf(clientWith({ getUsage }));
  const loaded = account.load();
  await account.delete(key, once);
  for (const answer of answers) answer(usage);
  await loaded;
  await vi.advanceTimersByTimeAsync(0);
  expect(account.state).toMatchObject({ usage, isLoading: false, problem: undefined });
});

test("requests are read for the service's days, although the browser has another day", async () => {
  const getDailyUsage = vi.fn(async (_: object) => {
    ahead = 3 * 86_400_000;
    return { usage: [] };
  });
  let ahead = 0;
  vi.setSystemTime('2026-11-27T12:00:00Z');
  const client = clientWith({ getDailyUsage }) as unknown as Client;
  const account = new Account(
    { call: (operation) => operation(client), now: () => Date.now() + ahead, user: () => 'ada' },
    () => english,
    () => {},
    () => {},
  );
  await account.load();
  await account.load();
  const own = { start_date: '2026-11-01', end_date: '2026-11-30' };
  expect(getDailyUsage.mock.calls.slice(1)).toEqual([[own], [own]]);
});

test('a problem stays until the data that could not be read is read', async () => {
  const getUsage = vi.fn(async () => usage).mockRejectedValueOnce(rateLimited(60));
  const account = accountOf(clientWith({ getUsage }));
  await account.load();
  expect(account.state).toMatchObject({
    usage: undefined,
    problem: { retryAt: expect.anything() },
  });
  getUsage.mockRejectedValueOnce(rateLimited(60));
  await account.delete(key, once);
  await vi.advanceTimersByTimeAsync(0);
  expect(account.state).toMatchObject({
    usage: undefined,
    problem: { retryAt: expect.anything() },
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(account.state).toMatchObject({ usage, problem: undefined });
});

test('a change to a key reads only the keys after everything was read', async () => {
  const getUsage = vi.fn(async () => usage);
  const listApiKeys = vi.fn(async () => ({ keys: [], next_page_token: null }));
  const account = accountOf(clientWith({ getUsage, listApiKeys }));
  await account.load();
  await account.delete(key, once);
  await vi.advanceTimersByTimeAsync(0);
  expect([listApiKeys.mock.calls.length, getUsage.mock.calls.length]).toEqual([2, 1]);
});

test('a wait longer than timers can count does not read in a loop', async () => {
  const getUsage = vi.fn(async () => usage).mockRejectedValue(rateLimited(31 * 86_400));
  const account = accountOf(clientWith({ getUsage }));
  await account.load();
  await vi.advanceTimersByTimeAsync(24 * 86_400_000);
  expect(getUsage).toHaveBeenCalledTimes(1);
  account.end();
});

test('a rejected read is repeated at most once a second, even if the service asks for no wait', async () => {
  const getUsage = vi.fn(async () => usage).mockRejectedValue(rateLimited(0));
  const account = accountOf(clientWith({ getUsage }));
  await account.load();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(getUsage.mock.calls.length).toBeLessThanOrEqual(11);
  account.end();
});

const writes = [
  ['requestApiKey', (account: Account) => account.create('CI on main', 90, once)],
  ['rollApiKey', (account: Account) => account.replace(key, 0, once)],
  ['rotateApiKey', (account: Account) => account.extend(key, 90, once)],
  ['deleteApiKey', (account: Account) => account.delete(key, once)],
] as const;

test.each(writes)(
  'a refused retry of %s says that the change may have been made, and closing reads the keys',
  async (operation, write) => {
    const listApiKeys = vi.fn(async () => ({ keys: [], next_page_token: null }));
    const attempt = vi
      .fn()
      .mockRejectedValueOnce(network())
      .mockRejectedValueOnce(rateLimited(60))
      .mockRejectedValueOnce(refused('insufficient_scope'));
    const account = accountOf(clientWith({ listApiKeys, [operation]: attempt }));
    await account.load();
    account.open({ kind: 'create' });
    const first = write(account);
    await vi.advanceTimersByTimeAsync(1_000);
    const { unknownOutcome, rateLimited: tooMany, forbidden } = english.errors;
    expect(await first).toMatchObject({
      text: `${unknownOutcome} ${tooMany}`,
      retryAt: Date.now() + 60_000,
    });
    expect(await write(account)).toMatchObject({ text: `${unknownOutcome} ${forbidden}` });
    expect(listApiKeys).toHaveBeenCalledTimes(1);
    account.close();
    expect(listApiKeys).toHaveBeenCalledTimes(2);
    account.end();
  },
);

test('an answer about the keys of the user settles whether an earlier attempt was made', async () => {
  const requestApiKey = vi
    .fn()
    .mockRejectedValueOnce(network())
    .mockRejectedValueOnce(refused('name_taken'));
  const account = accountOf(clientWith({ requestApiKey }));
  const created = account.create('CI on main', 90, once);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await created).toMatchObject({ text: english.errors.nameTaken });
});

test('a change is not in doubt if every answer says that nothing was written', async () => {
  const requestApiKey = () => Promise.reject(refused('store_unavailable'));
  const account = accountOf(clientWith({ requestApiKey }));
  const created = account.create('CI on main', 90, once);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await created).toMatchObject({ text: english.errors.service });
});

test('a deletion whose answers were all lost has succeeded if a later attempt finds no key', async () => {
  const deleteApiKey = vi.fn(() => Promise.reject(network()));
  const account = accountOf(clientWith({ deleteApiKey }));
  const deleted = account.delete(key, once);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await deleted).toMatchObject({ text: english.errors.unknownOutcome });
  deleteApiKey.mockImplementation(() => Promise.reject(refused('no_such_key')));
  expect(await account.delete(key, once)).toBeUndefined();
  expect(account.state.announcement).toBe(english.deleted('CI on main'));
});

test('a deletion that finds no key in its first attempt is refused, and closing reads the keys', async () => {
  const listApiKeys = vi.fn(async () => ({ keys: [], next_page_token: null }));
  const deleteApiKey = () => Promise.reject(refused('no_such_key'));
  const account = accountOf(clientWith({ listApiKeys, deleteApiKey }));
  await account.load();
  account.open({ kind: 'delete', key });
  await vi.advanceTimersByTimeAsync(0);
  const before = listApiKeys.mock.calls.length;
  expect(await account.delete(key, once)).toMatchObject({ text: english.errors.noSuchKey });
  account.close();
  expect(listApiKeys).toHaveBeenCalledTimes(before + 1);
});

test('a dialog that is closed without a change does not read the keys again', async () => {
  const listApiKeys = vi.fn(async () => ({ keys: [], next_page_token: null }));
  const account = accountOf(clientWith({ listApiKeys }));
  await account.load();
  account.open({ kind: 'create' });
  account.close();
  expect(listApiKeys).toHaveBeenCalledTimes(1);
});

test('a draft opens the dialog again for the same user, with its contents and Idempotency-Key', async () => {
  const left = accountOf(clientWith({ requestApiKey: () => Promise.reject(network()) }));
  left.open({ kind: 'create' });
  left.form.fields = { name: 'CI on main' };
  left.form.request = { contents: 'CI on main', idempotencyKey: 'one' };
  const created = left.create('CI on main', 90, once);
  await vi.advanceTimersByTimeAsync(30_000);
  await created;
  const draft = JSON.parse(JSON.stringify(left.draft));
  const account = accountOf(clientWith({}));
  account.restore(draft);
  await account.load();
  expect(account.state.task).toEqual({ kind: 'create' });
  expect(account.form).toEqual(left.form);
  expect(account.isInDoubt).toBe(true);
  expect(account.draft).toEqual(draft);
});

test.each([
  ['of another user', 'eve', 'create', undefined],
  ['to change a key that no longer exists', 'ada', 'delete', 'CI on main'],
] as const)('a draft %s opens no dialog', async (_, user, kind, keyName) => {
  const account = accountOf(clientWith({}));
  account.restore({ user, kind, keyName, fields: {}, isInDoubt: false });
  await account.load();
  expect(account.state.task).toBeUndefined();
});
