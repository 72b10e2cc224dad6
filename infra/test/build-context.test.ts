import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { buildContext, buildContextFiles, repositoryRoot } from '../src/service/build-context.ts';

const bundle = join(repositoryRoot, 'apps/api/dist');

/** Returns the source files of the repository that the built service contains. */
function bundledSources(): string[] {
  const sources = globSync('**/*.js.map', { cwd: bundle }).flatMap((map) => {
    const { sources: paths } = JSON.parse(readFileSync(join(bundle, map), 'utf8')) as {
      readonly sources: readonly string[];
    };
    return paths.map((path) => relative(repositoryRoot, join(bundle, dirname(map), path)));
  });
  return [...new Set(sources)].filter((path) => /^(apps|packages)\/.*\.ts$/.test(path));
}

test('the image is built again when a source file of the service changes', () => {
  const sources = bundledSources();
  expect(sources).toContain('apps/api/src/main.ts');
  expect(sources).toContain('packages/keys/src/store.ts');
  const files = buildContextFiles();
  expect(sources.filter((path) => !files.includes(path))).toEqual([]);
});

test('tests and documents do not cause another image', () => {
  const files = buildContextFiles();
  expect(files).toContain('apps/api/Dockerfile');
  expect(files).toContain('pnpm-lock.yaml');
  expect(
    files.filter((path) => /\.(test\.ts|md)$|\/(test|dist|node_modules)\//.test(path)),
  ).toEqual([]);
});

test('the provider gets a copy of exactly these files', () => {
  const { location, dockerfile } = buildContext();
  const folder = join(repositoryRoot, 'infra', location);
  const copied = globSync('**', { cwd: folder })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
  expect(copied).toEqual(buildContextFiles());
  expect(copied).toContain(relative(location, dockerfile));
});
