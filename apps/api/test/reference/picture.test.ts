import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fingerprintIn, fingerprintOfPage, picturePath } from './picture.ts';

test('the picture of the reference page in README shows the page as it is (if not: npx pnpm@12 picture)', () => {
  expect(fingerprintIn(readFileSync(picturePath))).toBe(fingerprintOfPage());
});
