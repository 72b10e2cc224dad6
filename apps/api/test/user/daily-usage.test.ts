import type { KeyStore } from '@andamio/keys/store';
import { deleteKey, getDailyUsage, requestKey } from '@andamio/testing/service-requests';
import { addition } from '@andamio/testing/store/commands';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';

const evening = Date.UTC(2025, 7, 31, 23, 59, 59);
const august = { start_date: '2025-08-01', end_date: '2025-08-31' };

describe('POST /api/v1/user/usage/daily', () => {
  let app: TestApp;
  let store: KeyStore;
  let now = evening;
  beforeAll(async () => {
    store = createSqliteStore(':memory:', () => now);
    app = await startApp({ store, now: () => now });
  });
  afterAll(() => app.close());

  const as = (sub: string, claims = {}) => ({
    token: tokenFor(sub, { iat: 0, exp: now / 1000 + 60, ...claims }),
  });
  const issue = (sub: string, name: string, days = 365) =>
    requestKey(app.url, { api_key_name: name, expires_in_days: days }, as(sub));
  const use = (userId: string, day: string, counts: Record<string, number>) =>
    store.addUsage(addition(counts, { userId, day }));
  const read = async (sub: string, body: object) =>
    (await getDailyUsage(app.url, body, as(sub))).body['usage'];

  test('daily usage has a row per key and day with use, sorted by day and name', async () => {
    for (const name of ['beta', 'alpha', 'unused']) await issue('rows', name);
    await use('rows', '2025-08-30', { beta: 2, alpha: 1 });
    await use('rows', '2025-08-02', { beta: 3 });
    const { status, body, headers } = await getDailyUsage(app.url, august, as('rows'));
    expect(body).toEqual({
      usage: [
        { date: '2025-08-02', api_key_name: 'beta', requests: 3 },
        { date: '2025-08-30', api_key_name: 'alpha', requests: 1 },
        { date: '2025-08-30', api_key_name: 'beta', requests: 2 },
      ],
    });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  });

  test('daily usage includes both dates, which may be equal', async () => {
    await issue('bounds', 'name');
    for (const day of ['2025-08-09', '2025-08-10', '2025-08-11', '2025-08-12'])
      await use('bounds', day, { name: 1 });
    const datesOf = async (start_date: string, end_date: string) =>
      ((await read('bounds', { start_date, end_date })) as { date: string }[]).map(
        ({ date }) => date,
      );
    expect(await datesOf('2025-08-10', '2025-08-11')).toEqual(['2025-08-10', '2025-08-11']);
    expect(await datesOf('2025-08-10', '2025-08-10')).toEqual(['2025-08-10']);
  });

  test('daily usage is limited to the requested names, ignoring unknown ones', async () => {
    for (const name of ['one', 'two']) await issue('names', name);
    await use('names', '2025-08-31', { one: 1, two: 2, never: 3 });
    const namesOf = async (api_key_names?: string[]) =>
      (
        (await read('names', { ...august, ...(api_key_names && { api_key_names }) })) as {
          api_key_name: string;
        }[]
      ).map(({ api_key_name }) => api_key_name);
    expect(await namesOf()).toEqual(['one', 'two']);
    expect(await namesOf(['two', 'never', 'unknown', 'two'])).toEqual(['two']);
    expect(await namesOf([])).toEqual([]);
  });

  test('daily usage includes expired keys, and deleted ones only after their name is issued again', async () => {
    await issue('life', 'brief', 1);
    await issue('life', 'name');
    await use('life', '2025-08-31', { brief: 1, name: 2 });
    const rows = async () =>
      ((await read('life', august)) as { api_key_name: string; requests: number }[]).map(
        ({ api_key_name, requests }) => `${api_key_name} ${requests}`,
      );
    now = evening + 86_400_000;
    expect(await rows()).toEqual(['brief 1', 'name 2']);
    await deleteKey(app.url, { api_key_name: 'name' }, as('life'));
    expect(await rows()).toEqual(['brief 1']);
    await issue('life', 'name');
    expect(await rows()).toEqual(['brief 1', 'name 2']);
    now = evening + 31 * 86_400_000;
    expect(await rows(), 'brief is removed').toEqual(['name 2']);
    now = evening;
  });

  test("daily usage never includes another user's key, even one with the same name", async () => {
    await issue('victim', 'shared');
    await issue('curious', 'shared');
    await use('victim', '2025-08-31', { shared: 5 });
    expect(await read('curious', { ...august, user_id: 'victim', sub: 'victim' })).toEqual([]);
    expect(await read('curious', { ...august, api_key_names: ['shared'] })).toEqual([]);
  });

  test('daily usage covers at most 366 days, and has no rows for the future or beyond the retention', async () => {
    await issue('years', 'name');
    await use('years', '2025-08-31', { name: 1 });
    await use('years', '2025-09-01', { name: 1 }); // The clock of another instance is ahead.
    await use('years', '2024-07-31', { name: 1 });
    expect(await read('years', { start_date: '2024-09-01', end_date: '2025-09-01' })).toEqual([
      { date: '2025-08-31', api_key_name: 'name', requests: 1 },
    ]);
    expect(await read('years', { start_date: '2023-08-31', end_date: '2024-08-30' })).toEqual([
      { date: '2024-07-31', api_key_name: 'name', requests: 1 },
    ]);
    now = Date.UTC(2025, 8, 1); // 13 months after the end of July.
    expect(await read('years', { start_date: '2023-08-31', end_date: '2024-08-30' })).toEqual([]);
    now = evening;
    expect(await read('years', { start_date: '0001-01-01', end_date: '0001-12-31' })).toEqual([]);
    expect(await read('years', { start_date: '9999-01-01', end_date: '9999-12-31' })).toEqual([]);
  });

  test.each([
    [
      { start_date: '2025-08-31', end_date: '2025-08-30' },
      'end_date must not be before start_date.',
    ],
    [
      { start_date: '2024-01-01', end_date: '2025-01-01' },
      'end_date must be at most 366 days from start_date, both included.',
    ],
    [
      { start_date: '2025-02-29' },
      'start_date must be a date of the calendar, such as 2023-01-31.',
    ],
    [{ end_date: '2025-04-31' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [{ end_date: '2025-13-01' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [
      { end_date: '2025-08-31T00:00:00Z' },
      'end_date must be a date of the calendar, such as 2023-01-31.',
    ],
    [{ end_date: '20250831' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [{ end_date: '+002025-08-31' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [{ end_date: ' 2025-08-31' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [{ end_date: '' }, 'end_date must be a date of the calendar, such as 2023-01-31.'],
    [{ start_date: 20250801 }, 'start_date must be a string.'],
    [{ start_date: null }, 'start_date must be a string.'],
    [{ api_key_names: null }, 'api_key_names must be an array.'],
    [{ api_key_names: 'name' }, 'api_key_names must be an array.'],
    [{ api_key_names: ['name', 42, null, {}] }, 'Each item of api_key_names must be a string.'],
    [
      { api_key_names: ['ab', 'a\u0000bc'] },
      /^Each item of api_key_names must be 3 to 100 .*\. Each item of api_key_names must not contain a control/,
    ],
    [
      { api_key_names: Array(2_000).fill('ab') },
      /^Each item of api_key_names must be 3 to 100 characters long [^.]*\.$/,
    ],
  ])('daily usage responds with 422 and names field and rule for %j', async (fields, details) => {
    const answer = await getDailyUsage(app.url, { ...august, ...fields }, as('rules'));
    expectError(answer, 422, 'invalid_field');
    if (typeof details === 'string') expect(answer.body['details']).toBe(details);
    else expect(answer.body['details']).toMatch(details);
  });

  test.each([
    [{}, 'start_date is required. end_date is required.'],
    [{ start_date: '2025-08-01', api_key_names: 5 }, 'end_date is required.'],
  ])('daily usage responds with 400 and names the missing dates for %j', async (body, details) => {
    const answer = await getDailyUsage(app.url, body, as('missing'));
    expectError(answer, 400, 'missing_field');
    expect(answer.body['details']).toBe(details);
  });
});
