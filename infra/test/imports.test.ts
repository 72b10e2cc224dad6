import { join } from 'node:path';
import { importsIn, nodesInCycles, targetOf } from '@andamio/testing/imports';
import { describe, expect, test } from 'vitest';

const infra = join(import.meta.dirname, '..');

/**
 * The folders from which each folder may import. `src/project` declares the resources that exist
 * once per project, and `src/service` those of each service. The policy pack imports nothing from
 * the program that it checks.
 */
const mayImport: Record<string, readonly string[]> = {
  settings: [],
  'src/project': ['settings', 'src'],
  'src/service': ['settings', 'src', 'src/project'],
  src: ['settings', 'src/project', 'src/service'],
  scripts: ['settings', 'src', 'scripts/lib'],
  'scripts/lib': ['settings', 'src'],
  costs: [],
  policy: [],
};

/**
 * The packages that each folder may import, besides modules of Node.js and `@andamio/schema`.
 */
const packages: Record<string, readonly string[]> = {
  settings: ['@pulumi/pulumi', 'zod'],
  'src/project': ['@pulumi/gcp', '@pulumi/pulumi'],
  'src/service': ['@pulumi/docker-build', '@pulumi/gcp', '@pulumi/pulumi'],
  src: ['@pulumi/pulumi'],
  scripts: ['jsonwebtoken'],
  'scripts/lib': [],
  costs: ['@andamio/testing/store/firestore-costs'],
  policy: ['@pulumi/gcp', '@pulumi/policy', '@pulumi/pulumi'],
};

const folders = Object.keys(mayImport);
const isTest = (file: string) => /^(policy\/)?test\/|\.test\.ts$|vitest\.config\.ts$/.test(file);

/**
 * Returns the folder of `mayImport` that contains a file. If there is none, returns the first
 * folder of the file's path.
 */
function folderOf(file: string): string {
  const inside = folders.filter((folder) => file.startsWith(`${folder}/`));
  return inside.sort((a, b) => b.length - a.length)[0] ?? (file.split('/')[0] as string);
}

const imports = importsIn(infra).filter(({ file }) => !isTest(file));
const importsOf = (folder: string) => imports.filter(({ file }) => folderOf(file) === folder);

test('infra has no import cycles, not even of types', () => {
  const edges = new Map(
    [...Map.groupBy(imports, ({ file }) => file)].map(([file, own]) => [
      file,
      own.flatMap((one) => targetOf(one) ?? []),
    ]),
  );
  expect(nodesInCycles(edges)).toEqual([]);
});

describe.each(folders)('%s', (folder) => {
  test('has imports that this test finds', () => {
    expect(importsOf(folder)).not.toEqual([]);
  });

  test('imports only from allowed folders', () => {
    const allowed = [folder, ...(mayImport[folder] as readonly string[])];
    const wrong = importsOf(folder).filter((one) => {
      const target = targetOf(one);
      return target !== undefined && !allowed.includes(folderOf(target));
    });
    expect(wrong).toEqual([]);
  });

  test('imports only allowed packages', () => {
    const wrong = importsOf(folder).filter(
      ({ specifier }) =>
        !/^(\.|node:|@andamio\/schema\/)/.test(specifier) && !packages[folder]?.includes(specifier),
    );
    expect(wrong).toEqual([]);
  });
});
