import { expect, test } from 'vitest';
import { table } from './text.ts';

test('table aligns the columns after cells with wide and combining characters', () => {
  const rows = ['日本', 'cafe\u0301', 'heading', '日本語日本語'].map((cell) => [cell, 'x']);
  expect(table(rows)).toEqual([
    '日本          x',
    'cafe\u0301          x',
    'heading       x',
    '日本語日本語  x',
  ]);
});
