import { readFile } from 'node:fs/promises';
import { bundledSources, entriesOf, manifestOf, run, textIn } from '@andamio/testing/packed';
import { tokenFor } from '@andamio/testing/tokens';
import { publint } from 'publint';
import { expect, test } from 'vitest';
import { startService } from './harness/cli.ts';
import { installPacked } from './harness/packed.ts';

const { folder, tarball } = await installPacked();

test('the tarball passes publint', async () => {
  const bytes = new Uint8Array(await readFile(tarball));
  const { messages } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  expect(messages).toEqual([]);
});

test('the tarball contains the program, its documents and the license', async () => {
  expect((await entriesOf(tarball)).toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/main.js',
    'dist/main.js.map',
    'dist/openid-client.js',
    'dist/openid-client.js.map',
    'dist/third-party-licenses.md',
    'package.json',
  ]);
  expect(await textIn(tarball, 'LICENSE')).toContain('Apache License');
});

test('the tarball depends on nothing, and contains the licenses of the packages that it bundles', async () => {
  const manifest = await manifestOf(tarball);
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(manifest.peerDependencies ?? {}).toEqual({});
  expect(manifest).toMatchObject({
    license: 'Apache-2.0',
    engines: { node: '>=22' },
    publishConfig: { access: 'public', provenance: true },
  });
  const sources = await bundledSources('cli', tarball);
  expect(sources).toContain('client/src/client.ts');
  const foreign = sources.flatMap((source) => /.*\/node_modules\/([^/]+)/.exec(source)?.[1] ?? []);
  const names = [...new Set(foreign)].toSorted();
  expect(names).toEqual([
    'ansi-regex',
    'get-east-asian-width',
    'jose',
    'oauth4webapi',
    'openid-client',
    'string-width',
    'strip-ansi',
    'zod',
  ]);
  const licenses = await textIn(tarball, 'dist/third-party-licenses.md');
  expect([...licenses.matchAll(/^# (.+)$/gm)].map(([, name]) => name)).toEqual(names);
});

test('the installed command runs by npx, and manages keys', async () => {
  const { url } = await startService();
  const andamio = (...args: string[]) =>
    run(folder, 'npx', ['--offline', 'andamio', ...args], {
      ANDAMIO_URL: url,
      ANDAMIO_TOKEN: tokenFor('consumer'),
    });
  expect(await andamio('--version')).toContain(`andamio ${(await manifestOf(tarball)).version} `);
  expect(await andamio('keys', 'create', 'from a tarball')).toMatch(/^ant-[0-9A-Za-z]{40}\n$/);
  expect(await andamio('keys', 'list')).toContain('from a tarball');
});
