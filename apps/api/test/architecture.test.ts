import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/**
 * The folders from which each folder may import. The domain, `keys`, imports from no other folder.
 */
const mayImport: Record<string, readonly string[]> = {
  keys: [],
  auth: ['keys'],
  store: ['keys'],
  http: ['keys', 'auth', '.'],
  process: ['keys', 'auth', 'store', 'http', '.'],
  admin: ['keys', 'process', '.'],
  '.': ['keys', 'auth', 'http', 'process', 'admin'],
};

/**
 * The folders that may import each package. All other folders must not depend on these
 * implementation details.
 */
const packagesOf: Record<string, readonly string[]> = {
  express: ['http', '.'],
  jsonwebtoken: ['auth'],
  '@google-cloud/firestore': ['store'],
  'node:sqlite': ['store'],
  'google-auth-library': ['http'],
  redis: ['http'],
  sirv: ['http'],
};

const folderOf = (path: string) => (dirname(path) === '.' ? '.' : (path.split('/')[0] as string));

const imports = globSync('**/*.ts', { cwd: source })
  .filter((file) => !file.endsWith('.test.ts'))
  .flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].map(
      ([, specifier]) => specifier as string,
    );
    return specifiers.map((specifier) => ({ file, specifier }));
  });

/** Returns the files that are part of an import cycle. Imports of types count. */
function filesInCycles(): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, specifier } of imports) {
    if (!/^\..*\.ts$/.test(specifier)) continue;
    targets.set(file, [...(targets.get(file) ?? []), join(dirname(file), specifier)]);
  }
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    for (const target of targets.get(from) ?? [])
      if (!seen.has(target)) reachable(target, seen.add(target));
    return seen;
  };
  return [...targets.keys()].filter((file) => reachable(file).has(file));
}

test('has no import cycles, not even of types', () => {
  expect(filesInCycles()).toEqual([]);
});

describe('imports', () => {
  test('the architecture test finds the imports', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  test.each(Object.keys(mayImport))('the folder %s imports only from allowed folders', (folder) => {
    const wrong = imports
      .filter(({ file, specifier }) => folderOf(file) === folder && /^\..*\.ts$/.test(specifier))
      .map(({ file, specifier }) => ({
        file,
        target: relative(source, join(source, dirname(file), specifier)),
      }))
      .filter(
        ({ target }) =>
          folderOf(target) !== folder && !mayImport[folder]?.includes(folderOf(target)),
      );
    expect(wrong).toEqual([]);
  });

  test('only process/open-store.ts imports the implementations of the store', () => {
    const users = imports
      .filter(({ specifier }) => /store\/(sqlite|firestore)\//.test(specifier))
      .map(({ file }) => file);
    expect(new Set(users)).toEqual(new Set(['process/open-store.ts']));
  });

  test.each(Object.entries(packagesOf))('%s is imported by %s only', (name, folders) => {
    const users = imports
      .filter(({ specifier }) => specifier === name)
      .map(({ file }) => folderOf(file));
    expect(users.filter((folder) => !folders.includes(folder))).toEqual([]);
    expect(users).not.toEqual([]);
  });

  test('settings.ts is the only reader of process.env', () => {
    const readers = globSync('**/*.ts', { cwd: source }).filter((file) =>
      readFileSync(join(source, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual(['settings.ts']);
  });
});
