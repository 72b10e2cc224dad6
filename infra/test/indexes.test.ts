import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collections } from '@andamio/schema/firestore-layout';
import { expect, test } from 'vitest';

const storeFolder = join(import.meta.dirname, '../../apps/api/src/store/firestore');

/** Returns the fields by which the store filters or sorts, as found in its source. */
function queriedFields(): string[] {
  const sources = globSync('**/*.ts', { cwd: storeFolder }).filter(
    (path) => !path.endsWith('.test.ts'),
  );
  return sources.flatMap((path) => {
    const source = readFileSync(join(storeFolder, path), 'utf8');
    return [...source.matchAll(/\.(?:where|orderBy)\(\s*['"]([^'"]+)['"]/g)].map(
      ([, field]) => field as string,
    );
  });
}

test('every field that the store queries by has an index in the schema: the emulator needs none, Firestore does', () => {
  const indexed = Object.values(collections).flatMap(
    ({ indexedFields }) => [...indexedFields] as string[],
  );
  expect(queriedFields().filter((field) => !indexed.includes(field))).toEqual([]);
});

test('the store reads by name alone, or this test would have to look at queries of another form', () => {
  const sources = globSync('**/*.ts', { cwd: storeFolder }).map((path) =>
    readFileSync(join(storeFolder, path), 'utf8'),
  );
  const unreadable = sources.filter(
    (source) =>
      /\.(?:where|orderBy)\(\s*[^'"\s]/.test(source) ||
      /Filter\.|runQuery|listDocuments/.test(source),
  );
  expect(unreadable).toEqual([]);
});
