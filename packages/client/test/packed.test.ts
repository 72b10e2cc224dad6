import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import {
  bundledSources,
  checkTypes,
  entriesOf,
  manifestOf,
  run,
  textIn,
  undocumentedMembers,
} from '@andamio/testing/packed';
import { findAvailable, missingForBun, missingForDeno } from '@andamio/testing/requirements';
import { tokenFor } from '@andamio/testing/tokens';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { describe, expect, test } from 'vitest';
import type { createClient } from '../src/index.ts';
import { installPacked } from './harness/packed.ts';
import { startService } from './harness/proxy.ts';

const available = findAvailable({ deno: missingForDeno, bun: missingForBun });
const consumer = await installPacked();
const { tarball } = consumer;
const baseUrl = await startService();

/** Returns the first TypeScript code block of a README. */
async function exampleOf(readme: string): Promise<string> {
  const text = await readFile(new URL(readme, import.meta.url), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

const readmeExample = () => exampleOf('../README.md');

/**
 * Returns the example in the repository's README, completed to a program that calls the test's
 * service.
 */
async function repositoryExample(): Promise<string> {
  const started = 'http://127.0.0.1:8080';
  const lines = await exampleOf('../../../README.md');
  expect(lines).toContain(started);
  return `import { createClient } from '@andamio/client';
    const token = process.env['TOKEN'] ?? '';
    ${lines.replace(started, baseUrl)}
    console.log(api_key);`;
}

describe('the tarball', () => {
  test('the tarball passes publint', async () => {
    const bytes = new Uint8Array(await readFile(tarball));
    const { messages } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  test('the tarball has correct types for every module resolution, of ES modules and CommonJS', async () => {
    const bytes = new Uint8Array(await readFile(tarball));
    const analysis = await checkPackage(createPackageFromTarballData(bytes));
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(analysis.types && analysis.problems).toEqual([]);
  });

  test('the tarball contains the build output, its documents and the license', async () => {
    const expected =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/index\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts))$/;
    const entries = await entriesOf(tarball);
    expect(entries.filter((entry) => !expected.test(entry))).toEqual([]);
    expect(entries).toHaveLength(10);
    expect(await textIn(tarball, 'LICENSE')).toContain('Apache License');
  });

  test('the tarball bundles code of the workspace only, and depends on nothing', async () => {
    const manifest = await manifestOf(tarball);
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(manifest.peerDependencies ?? {}).toEqual({});
    const sources = await bundledSources('client', tarball);
    expect(sources).toContain('client/src/client.ts');
    expect(sources.filter((source) => !/^(client|schema)\/src\//.test(source))).toEqual([]);
  });

  test('the manifest asks for provenance, and leaves the repository to the workflow', async () => {
    expect(await manifestOf(tarball)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      license: 'Apache-2.0',
      engines: { node: '>=20' },
      publishConfig: { access: 'public', provenance: true },
    });
  });

  test('each method, body and field has documentation, and no type refers to the workspace', async () => {
    const declarations = await textIn(tarball, 'dist/index.d.ts');
    expect(declarations).not.toMatch(/@andamio|zod/);
    expect(undocumentedMembers(declarations)).toEqual([]);
  });
});

describe('an installed client', () => {
  const program = `
    const client = createClient({ baseUrl: process.env.URL, token: process.env.TOKEN });
    client.requestApiKey({ api_key_name: 'from ' + process.env.TITLE }).then(async ({ name }) => {
      const failure = await client.requestApiKey({ api_key_name: name }).catch((error) => error);
      console.log(JSON.stringify([name, failure instanceof ApiError, failure.message]));
    });`;
  const programs = {
    'module.mjs': `import { ApiError, createClient } from '@andamio/client';${program}`,
    'commonjs.cjs': `const { ApiError, createClient } = require('@andamio/client');${program}`,
  };
  const deno = ['run', '--node-modules-dir=manual', '--allow-net', '--allow-env'];
  const runtimes: Record<string, readonly [string, ...string[]]> = {
    'Node.js': [process.execPath],
    ...(available.includes('deno') && { Deno: ['deno', ...deno] }),
    ...(available.includes('bun') && { Bun: ['bun', 'run'] }),
  };

  describe.each(Object.entries(runtimes))('%s', (runtime, [command, ...args]) => {
    test.each(Object.entries(programs))(
      `an installed client calls the service in ${runtime}, from %s`,
      async (file, text) => {
        await writeFile(join(consumer.folder, file), text);
        const title = `${runtime}, ${file}`;
        const printed = await run(consumer.folder, command, [...args, file], {
          URL: `${baseUrl}/api/v1`,
          TOKEN: tokenFor(title),
          TITLE: title,
          DENO_NO_UPDATE_CHECK: '1',
        });
        expect(JSON.parse(printed)).toEqual([
          `from ${title}`,
          true,
          'name_taken: api_key_name is already the name of one of your keys.',
        ]);
      },
    );
  });

  test('an installed client runs the example of the README unchanged', async () => {
    await writeFile(join(consumer.folder, 'example.ts'), await readmeExample());
    const settings = { ANDAMIO_URL: baseUrl, ANDAMIO_TOKEN: tokenFor('reader') };
    const runExample = (env: NodeJS.ProcessEnv) =>
      run(consumer.folder, process.execPath, ['example.ts'], env);
    expect(await runExample(settings)).toBe('MyFirstKey is valid for 30 days\n');
    expect(await runExample(settings)).toBe('You already have a key with this name\n');
    expect(await runExample({ ...settings, ANDAMIO_TOKEN: 'none' })).toMatch(
      /^unauthenticated: .+ \(request \S+\)\n$/,
    );
  });

  test("an installed client runs the example of the repository's README, given the import and a token", async () => {
    await writeFile(join(consumer.folder, 'lines.ts'), await repositoryExample());
    const runLines = () =>
      run(consumer.folder, process.execPath, ['lines.ts'], { TOKEN: tokenFor('newcomer') });
    const keys = [await runLines(), await runLines()];
    for (const key of keys) expect(key).toMatch(/^ant-[0-9A-Za-z]{40}\n$/);
    expect(new Set(keys).size, 'the first is deleted, or its name would be taken').toBe(2);
  });
});

/** Writes files to the consumer's project, type-checks them and returns the compiler's output. */
async function checkTexts(
  texts: Readonly<Record<string, string>>,
  resolution: 'node16' | 'bundler',
): Promise<string> {
  for (const [file, text] of Object.entries(texts))
    await writeFile(join(consumer.folder, file), text);
  return checkTypes(consumer, Object.keys(texts), resolution);
}

test.each(['node16', 'bundler'] as const)(
  'the examples and a CommonJS module with named types type-check (%s)',
  async (resolution) => {
    const texts = {
      'right.ts': await readmeExample(),
      'lines.ts': await repositoryExample(),
      'commonjs.cts': `
        import client = require('@andamio/client');
        const api: client.Client = client.createClient({ baseUrl: 'https://host' });
        const body: client.RequestApiKeyBody = { api_key_name: 'a name', expires_in_days: 30 };
        export const key: Promise<client.IssuedApiKey> = api.requestApiKey(body);`,
    };
    expect(await checkTexts(texts, resolution)).toBe('');
  },
);

test('wrong uses do not type-check', async () => {
  const example = await readmeExample();
  const texts = {
    'wrong.ts': example.replace('expires_in_days: 30', "expires_in_days: '30'"),
    'stranger.ts': example.replace("'name_taken'", "'name_token'"),
  };
  const problems = await checkTexts(texts, 'node16').catch(String);
  expect(problems).toContain("'string' is not assignable to type 'number'");
  expect(problems).toContain('"name_token"');
});

describe('a bundle for browsers', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export * from '@andamio/client'", resolveDir: consumer.folder },
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'client',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  const bundle = outputFiles[0]?.contents as Uint8Array;

  test('the minified client is at most 5 kB with gzip', () => {
    expect(gzipSync(bundle, { level: 9 }).byteLength).toBeLessThanOrEqual(5_000);
  });

  test('a bundler uses the ES module', () => {
    const inputs = Object.keys(metafile.inputs).filter((input) => input !== '<stdin>');
    expect(inputs).toEqual([expect.stringMatching(/@andamio\/client\/dist\/index\.js$/)]);
  });

  test('the client runs with the globals of browsers and workers, even without HTTPS', async () => {
    const shared = {
      fetch,
      AbortController,
      URL,
      URLSearchParams,
      // Pages without HTTPS have neither randomUUID nor subtle.
      crypto: { getRandomValues: crypto.getRandomValues.bind(crypto) },
      performance,
      setTimeout,
      clearTimeout,
    };
    const context: Record<string, unknown> = { ...shared };
    runInNewContext(new TextDecoder().decode(bundle), context);
    const { createClient: create } = context['client'] as { createClient: typeof createClient };
    const client = create({ baseUrl, token: tokenFor('browser') });
    expect(await client.requestApiKey({ api_key_name: 'MyFirstKey' })).toHaveProperty(
      'name',
      'MyFirstKey',
    );
    expect(await client.getOpenApiDocument()).toHaveProperty('openapi');
  });
});
