import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { consolePicture, fingerprintIn, fingerprintOf, referencePicture } from './picture.ts';

test.each([
  ['reference page', referencePicture],
  ['console', consolePicture],
])(
  'the picture of the %s in README shows the page as it is (if not: npx -y pnpm@12 picture)',
  (_, picture) => {
    expect(fingerprintIn(readFileSync(picture.path))).toBe(fingerprintOf(picture));
  },
);
