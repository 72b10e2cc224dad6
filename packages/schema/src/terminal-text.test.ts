import { expect, test } from 'vitest';
import { counted, table } from './terminal-text.ts';

test.each([
  ['ASCII', 'name', 4],
  ['Japanese', '日本語のキー', 12],
  ['a combining accent', 'cafe\u0301', 4],
  ['an emoji of one character', '🔑', 2],
  ['an emoji of several characters', '👩🏽', 2],
  ['an escaped control character', '\x1b[31m', '\\u{1b}[31m'.length],
])('table aligns the columns after a cell with %s', (_, cell, columns) => {
  const [first, second] = table([
    [cell, 'x'],
    ['', 'x'],
  ]);
  expect(first?.endsWith('  x')).toBe(true);
  expect(second).toBe(`${' '.repeat(columns)}  x`);
});

test('table pads a cell with wide characters to the width of the column', () => {
  expect(table([['日本'], ['heading']].map(([cell = '']) => [cell, 'x']))).toEqual([
    '日本     x',
    'heading  x',
  ]);
});

test.each([
  [0, '0 requests'],
  [1, '1 request'],
  [2, '2 requests'],
])('counted uses the singular for one only: %d', (count, expected) => {
  expect(counted(count, 'request')).toBe(expected);
});

test('table aligns the columns after cells with wide and combining characters', () => {
  const rows = ['日本', 'cafe\u0301', 'heading', '日本語日本語'].map((cell) => [cell, 'x']);
  expect(table(rows)).toEqual([
    '日本          x',
    'cafe\u0301          x',
    'heading       x',
    '日本語日本語  x',
  ]);
});
