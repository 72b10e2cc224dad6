import { describe, expect, test } from 'vitest';
import { invalidKey } from '../refusal.ts';
import { readResponse } from './response.ts';

const body = {
  user_id: 'ada',
  name: 'MyFirstKey',
  tier: 'growth',
  created_at: '2025-08-31T23:59:59Z',
  expires_at: '2099-08-31T23:59:59Z',
};
const read = (headers: Record<string, string>, fields: Partial<typeof body> = {}) =>
  readResponse({ status: 200, headers, body: { ...body, ...fields } }, 0);

describe('cache time of a response', () => {
  test.each([
    ['private, max-age=7', 7_000],
    ['PRIVATE,MAX-AGE=7', 7_000],
    ['max-age=7', 7_000],
    ['private, max-age=3600', 10_000],
    ['private, max-age=0', 0],
    ['private, max-age=0, max-age-ms=950', 950],
    ['private, max-age=0, max-age-ms=20000', 0],
    ['no-store, max-age=0, max-age-ms=950', 0],
    ['private, max-age=-1', 0],
    ['private, max-age="7"', 0],
    ['private, s-maxage=7', 0],
    ['no-store, max-age=7', 0],
    ['no-cache, max-age=7', 0],
    ['', 0],
  ])('Cache-Control "%s" allows %i ms', (value, milliseconds) => {
    expect(read({ 'cache-control': value })).toMatchObject({ maximumAge: milliseconds });
  });

  test('a response is not cached beyond the expiry of the key', () => {
    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    const answer = read({ 'cache-control': 'private, max-age=7' }, { expires_at: expiresAt });
    expect(answer).toMatchObject({ maximumAge: expect.closeTo(3_000, -3) });
  });

  test("a response is not cached beyond the owner's window", () => {
    const date = 'Sun, 31 Aug 2025 23:59:59 GMT';
    const minute = {
      'x-ratelimit-limit': '7',
      'x-ratelimit-remaining': '3',
      'x-ratelimit-reset': `${Date.parse(date) / 1000 + 3}`,
    };
    expect(read({ 'cache-control': 'private, max-age=7', date, ...minute })).toMatchObject({
      maximumAge: 3_000,
    });
  });
});

describe('a 200 with an expired key', () => {
  const soon = () => new Date(Date.now() + 600_000).toISOString();
  test.each([
    ['by the local clock', {}, () => '2025-08-31T23:59:59Z'],
    ['at this very second', {}, () => new Date().toISOString()],
    [
      "by the service's clock while the local clock is slow",
      { date: new Date(Date.now() + 3_600_000).toUTCString() },
      soon,
    ],
    [
      'and the response is old',
      { date: 'Sun, 31 Aug 2025 23:00:00 GMT' },
      () => '2025-08-31T23:59:59Z',
    ],
  ])('a 200 is a refusal if its key has expired %s', (_what, headers, expiresAt) => {
    const answer = read(
      { 'cache-control': 'private, max-age=7', ...headers },
      { expires_at: expiresAt() },
    );
    expect(answer).toEqual({ kind: 'refused', refusal: invalidKey });
  });
});

describe("the owner's window", () => {
  const date = 'Sun, 31 Aug 2025 23:59:59 GMT';
  const reset = (seconds: number) => `${Date.parse(date) / 1000 + seconds}`;
  const reported: Record<string, string> = {
    date,
    'x-ratelimit-limit': '7',
    'x-ratelimit-remaining': '3',
    'x-ratelimit-reset': reset(17),
  };

  test.each([
    [
      'as in the headers',
      { 'x-ratelimit-reset': reset(17) },
      { limit: 7, remaining: 3, endsAt: 17_000 },
    ],
    [
      'at most a minute',
      { 'x-ratelimit-reset': reset(3_600) },
      { limit: 7, remaining: 3, endsAt: 60_000 },
    ],
    ['over already', { 'x-ratelimit-reset': reset(-1) }, { limit: 7, remaining: 3, endsAt: 0 }],
  ])("the owner's window is %s", (_what, headers, limitStatus) => {
    expect(read({ ...reported, ...headers })).toMatchObject({ limitStatus });
  });

  test.each(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])(
    "the owner's window is unknown without the header %s",
    (name) => {
      const { [name]: _lost, ...rest } = reported;
      expect(read(rest)).toMatchObject({ kind: 'valid', limitStatus: undefined });
    },
  );
});
