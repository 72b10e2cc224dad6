import { expect, test } from 'vitest';
import { formatTimestamp, lastTimestamp } from './timestamps.ts';

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1_756_684_799, '2025-08-31T23:59:59Z'],
  [lastTimestamp, '9999-12-31T23:59:59Z'],
])('%i s is %s', (seconds, text) => {
  expect(formatTimestamp(seconds)).toBe(text);
});
