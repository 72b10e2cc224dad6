import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsIn, nodesInCycles, targetOf } from '@andamio/testing/imports';
import { describe, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/**
 * The layers from which each layer may import. All layers may also import the domain,
 * `@andamio/keys`. A layer is a folder, or some of the files outside of folders: the entry points,
 * `app.ts`, and the files that depend on no layer, such as `settings.ts`.
 */
const mayImport: Record<string, readonly string[]> = {
  '.': [],
  auth: [],
  store: [],
  counters: ['.'],
  http: ['auth', 'counters', '.'],
  app: ['auth', 'counters', 'http', '.'],
  process: ['auth', 'counters', 'store', 'http', 'app', '.'],
  admin: ['process', '.'],
  entry: ['process', 'admin', 'entry'],
};

/**
 * For each package, or module of a workspace package, the layers that may import it. Modules of the
 * domain and the contract that are not listed here may be imported everywhere.
 */
const packagesOf: Record<string, readonly string[]> = {
  '@andamio/schema/firestore-layout': ['store'],
  '@andamio/schema/openapi.json': ['http'],
  '@andamio/schema/terminal-text': ['admin'],
  '@andamio/verification/firestore': ['store'],
  '@google-cloud/firestore': ['store'],
  '@google-cloud/pino-logging-gcp-config': ['.'],
  accepts: ['http'],
  cors: ['http'],
  express: ['http'],
  'express-rate-limit': ['counters', 'http'],
  'google-auth-library': ['counters'],
  helmet: ['http'],
  jose: ['auth'],
  jsonwebtoken: ['auth'],
  'lru-cache': ['counters', 'http'],
  'node:sqlite': ['store'],
  pino: ['.'],
  'proxy-addr': ['http'],
  redis: ['counters'],
  sirv: ['http'],
  zod: ['admin', 'auth', 'counters', 'http', 'store'],
};

/** Matches the packages and modules that every layer may import. */
const forAll = /^(\.|node:|@andamio\/(keys|schema|verification)\/)/;

const layersOfFiles: Readonly<Record<string, string>> = {
  'main.ts': 'entry',
  'admin.ts': 'entry',
  'programs.ts': 'entry',
  'app.ts': 'app',
};

const layerOf = (path: string) =>
  dirname(path) === '.' ? (layersOfFiles[path] ?? '.') : (path.split('/')[0] as string);

const imports = importsIn(source).filter(({ file }) => !file.endsWith('.test.ts'));

test('has no import cycles, not even of types', () => {
  const targets = Map.groupBy(imports, ({ file }) => file);
  const edges = new Map(
    [...targets].map(([file, own]) => [file, own.flatMap((one) => targetOf(one) ?? [])]),
  );
  expect(nodesInCycles(edges)).toEqual([]);
});

describe('imports', () => {
  test('the architecture test finds the imports', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  test.each(Object.keys(mayImport))('the layer %s imports only from allowed layers', (layer) => {
    const allowed = [layer, ...(mayImport[layer] as readonly string[])];
    const wrong = imports.filter((one) => {
      const target = targetOf(one);
      return (
        layerOf(one.file) === layer && target?.endsWith('.ts') && !allowed.includes(layerOf(target))
      );
    });
    expect(wrong).toEqual([]);
  });

  test('only process/open-store.ts imports the implementations of the store', () => {
    const users = imports
      .filter(({ specifier }) => /store\/(sqlite|firestore)\//.test(specifier))
      .map(({ file }) => file);
    expect(new Set(users)).toEqual(new Set(['process/open-store.ts']));
  });

  const isOf = (specifier: string, name: string) =>
    specifier === name || specifier.startsWith(`${name}/`);

  test.each(Object.entries(packagesOf))('%s is imported by %s only', (name, layers) => {
    const users = imports
      .filter(({ specifier }) => isOf(specifier, name))
      .map(({ file }) => layerOf(file));
    expect([...new Set(users)].toSorted()).toEqual(layers.toSorted());
  });

  test('every package has a rule', () => {
    const rules = Object.keys(packagesOf);
    const others = imports.filter(
      ({ specifier }) => !forAll.test(specifier) && !rules.some((name) => isOf(specifier, name)),
    );
    expect(others).toEqual([]);
  });

  test("only the store's query.ts filters documents, by fields that have an index", () => {
    const users = globSync('store/firestore/*.ts', { cwd: source })
      .filter((file) => !file.endsWith('.test.ts'))
      .filter((file) =>
        /\.(where|orderBy|collectionGroup)\(|\bFilter\b/.test(
          readFileSync(join(source, file), 'utf8'),
        ),
      );
    expect(users).toEqual(['store/firestore/query.ts']);
  });

  test('settings.ts is the only reader of process.env', () => {
    const readers = globSync('**/*.ts', { cwd: source }).filter((file) =>
      readFileSync(join(source, file), 'utf8').includes('process.env'),
    );
    expect(readers).toEqual(['settings.ts']);
  });
});
