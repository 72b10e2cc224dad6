import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, importsIn, nodesInCycles, targetOf } from '../src/imports.ts';

const root = resolve(import.meta.dirname, '../../..');

/**
 * The workspace packages that each package may import. A package may also import itself, and its
 * tests may import `testing`.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/schema': [],
  'packages/verification': ['schema'],
  'packages/keys': ['schema', 'verification'],
  'packages/client': ['schema'],
  'packages/cli': ['schema', 'client'],
  'packages/guard': ['schema', 'verification'],
  'packages/leaks': ['schema'],
  'packages/reference': ['schema'],
  'packages/console': ['schema', 'client'],
  'packages/testing': ['schema', 'keys'],
  'apps/api': ['schema', 'verification', 'keys', 'console', 'reference'],
  'apps/bench': ['schema', 'verification', 'keys', 'guard', 'testing'],
  // Only the cost table uses `testing`: infra/test/imports.test.ts has the rule of each folder.
  infra: ['schema', 'testing'],
  'infra/policy': ['schema'],
  scripts: [],
};

const packages = Object.keys(mayImport);

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };

const packageOf = (file: string) =>
  packages
    .filter((folder) => file.startsWith(`${folder}/`))
    .toSorted((one, other) => other.length - one.length)[0];

/** All imports of a package's files. Paths are relative to the root of the workspace. */
const importsOf = (folder: string): Import[] =>
  importsIn(join(root, folder))
    .map(({ file, specifier }) => ({ file: join(folder, file), specifier }))
    .filter(({ file }) => packageOf(file) === folder);

const imports = new Map(packages.map((folder) => [folder, importsOf(folder)]));

const isTest = (file: string) => /(^|\/)test\/|\.test\.ts$|\/vitest\.config\.ts$/.test(file);

describe.each(packages)('%s', (folder) => {
  const found = imports.get(folder) as Import[];

  test('the package imports only allowed workspace packages', () => {
    const wrong = found.filter(({ file, specifier }) => {
      const [scope, name = ''] = specifier.split('/');
      if (scope !== '@andamio') return false;
      const allowed = [...(mayImport[folder] as readonly string[]), basename(folder)];
      return !allowed.includes(name) && !(name === 'testing' && isTest(file));
    });
    expect(found).not.toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('no relative import leaves the package', () => {
    const wrong = found.filter((one) => {
      const target = targetOf(one);
      return target !== undefined && packageOf(target) !== folder;
    });
    expect(wrong).toEqual([]);
  });

  test('no source file imports a test', () => {
    const wrong = found.filter((one) => {
      const target = targetOf(one);
      return target !== undefined && isTest(target) && !isTest(one.file);
    });
    expect(wrong).toEqual([]);
  });
});

test('the packages of the workspace do not depend on each other in a cycle', () => {
  const edges = new Map(
    packages.map((folder) => {
      const { name, dependencies, devDependencies } = manifestOf(folder);
      return [name, Object.keys({ ...dependencies, ...devDependencies })] as const;
    }),
  );
  expect(nodesInCycles(edges)).toEqual([]);
});

test('every package of the workspace has a rule', () => {
  const manifests = globSync('{apps/*,packages/*,infra,infra/policy,scripts}/package.json', {
    cwd: root,
  });
  expect(packages.toSorted()).toEqual(manifests.map(dirname).toSorted());
});

test('the domain depends on neither HTTP nor a database', () => {
  const specifiers = (imports.get('packages/keys') as Import[])
    .filter(({ file }) => !isTest(file))
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith('.'))
    .filter(
      (specifier) =>
        !specifier.startsWith('@andamio/schema/') ||
        specifier === '@andamio/schema/firestore-layout',
    );
  expect([...new Set(specifiers)].toSorted()).toEqual([
    '@andamio/verification/digest',
    '@andamio/verification/verify-key',
    'lru-cache',
    'node:crypto',
  ]);
});

test("the service's image is built from all packages that the service depends on", () => {
  const needed = (folder: string): string[] => {
    const inside = Object.keys(manifestOf(folder).dependencies ?? {})
      .filter((name) => name.startsWith('@andamio/'))
      .map((name) => name.replace('@andamio/', 'packages/'));
    return [folder, ...inside.flatMap(needed)];
  };
  const dockerfile = readFileSync(join(root, 'apps/api/Dockerfile'), 'utf8');
  const allowed = readFileSync(join(root, 'apps/api/Dockerfile.dockerignore'), 'utf8').split('\n');
  for (const folder of needed('apps/api')) {
    expect(dockerfile).toContain(`COPY ${folder}/ ${folder}/\n`);
    expect(allowed).toContain(`!${folder}/src`);
  }
});
