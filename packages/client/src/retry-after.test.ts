import { describe, expect, test, vi } from 'vitest';
import { retryAfterOf } from './retry-after.ts';

// A date is in GMT even if the local time zone is not.
vi.stubEnv('TZ', 'Asia/Tokyo');

const read = (value: string, date?: string) =>
  retryAfterOf(new Headers({ 'retry-after': value, ...(date !== undefined && { date }) }));

describe('Retry-After (RFC 9110, 10.2.3)', () => {
  test.each([
    ['0', 0],
    ['120', 120],
  ])('reads seconds: %s', (value, seconds) => {
    expect(read(value)).toBe(seconds);
  });

  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('reads each HTTP-date format relative to the Date of the response: %s', (value) => {
    expect(read(value, 'Sun, 06 Nov 1994 08:49:07 GMT')).toBe(30);
  });

  test('reads a date relative to the local clock if the response has no Date, and a past date as 0', () => {
    const seconds = read(new Date(Date.now() + 60_000).toUTCString());
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(read('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(0);
  });

  test.each([
    '',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    '2030-01-01',
    'Sunday',
    'Sun, 99 Nov 1994 99:99:99 GMT',
  ])('ignores the invalid value %o', (value) => {
    expect(read(value)).toBeUndefined();
  });

  test('returns undefined if the header is absent', () => {
    expect(retryAfterOf(new Headers())).toBeUndefined();
  });
});
