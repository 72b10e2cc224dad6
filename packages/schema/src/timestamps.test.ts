import { expect, test } from 'vitest';
import { formatTimestamp, lastTimestamp, secondsPerDay } from './timestamps.ts';

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1_756_684_799, '2025-08-31T23:59:59Z'],
  [1_709_164_800, '2024-02-29T00:00:00Z'],
  [4_102_444_800, '2100-01-01T00:00:00Z'],
  [lastTimestamp, '9999-12-31T23:59:59Z'],
])('formats %i s as %s', (seconds, text) => {
  expect(formatTimestamp(seconds)).toBe(text);
});

test('a day has 86,400 s, and the last timestamp is the end of the year 9999', () => {
  expect(secondsPerDay).toBe(86_400);
  expect(lastTimestamp).toBe(253_402_300_799);
});
