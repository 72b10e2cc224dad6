import { expect, test } from 'vitest';
import { cacheControlFor } from './guards.ts';

test.each([
  [0, 'private, max-age=0'],
  [0.9, 'private, max-age=0'],
  [950.7, 'private, max-age=0, max-age-ms=950'],
  [1_000, 'private, max-age=1'],
  [9_999, 'private, max-age=9'],
])(
  'a response that may be cached for %d ms has Cache-Control: %s',
  (milliseconds, cacheControl) => {
    expect(cacheControlFor(milliseconds)).toBe(cacheControl);
  },
);
