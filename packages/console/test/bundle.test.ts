import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const bundle = readFileSync(join(import.meta.dirname, '../dist/andamio-keys.js'));

test('the element with everything that it needs has at most 40 kB compressed', () => {
  expect(gzipSync(bundle).length).toBeLessThan(40_000);
});

test('the element contains no code that parses text as HTML or that logs', () => {
  const text = bundle.toString();
  for (const word of ['document.write', 'insertAdjacentHTML', 'outerHTML', 'eval(', 'console.'])
    expect(text).not.toContain(word);
});
