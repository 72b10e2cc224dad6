import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const contract = readFileSync(join(root, 'docs/contract.md'), 'utf8');
const headings = [...contract.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

/** Matches a citation of the contract in a comment. The citation may continue on the next line. */
const citation = /\bcontract, ((?:parts? [A-C](?: and [A-C])*)?(?:(?: and )?"[^"]+")?)/g;

test('comments cite only parts and sections of the contract that exist', () => {
  const cited = globSync('{apps,packages,infra}/**/*.ts', {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
  }).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/\s*\n\s*(\*|\/\/)\s*/g, ' ');
    return [...text.matchAll(citation)].flatMap(([, places = '']) => [
      ...[...places.matchAll(/\b[A-C]\b/g)].map(([part]) => `Part ${part}`),
      ...[...places.matchAll(/"([^"]+)"/g)].map(([, section = '']) => section),
    ]);
  });
  expect(cited.length).toBeGreaterThan(50);
  const unknown = cited.filter((place) => !headings.some((heading) => heading.startsWith(place)));
  expect(unknown).toEqual([]);
});
