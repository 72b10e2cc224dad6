import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { freePort } from '@andamio/testing/free-port';
import {
  bundledSources,
  checkTypes,
  entriesOf,
  manifestOf,
  run,
  textIn,
  undocumentedMembers,
} from '@andamio/testing/packed';
import { waitFor } from '@andamio/testing/wait-for';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { describe, expect, inject, test } from 'vitest';
import { installPacked } from './harness/packed.ts';
import { issue, startService, usageStored } from './harness/service.ts';

const consumer = await installPacked();
const { tarball } = consumer;
const service = await startService();

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** Returns the first TypeScript code block after a heading of the README. */
function exampleOf(heading: string): string {
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  return /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
}

const examples = ['Express', 'Fastify', 'Hono', 'Other servers'];
const fileOf = (heading: string) => `${heading.toLowerCase().replace(' ', '-')}.ts`;

describe('the tarball', () => {
  test('the tarball passes publint', async () => {
    const bytes = new Uint8Array(await readFile(tarball));
    expect((await publint({ pack: { tarball: bytes.buffer }, strict: true })).messages).toEqual([]);
  });

  test('the tarball has correct types for every module resolution, of ES modules and CommonJS', async () => {
    const analysis = await checkPackage(
      createPackageFromTarballData(new Uint8Array(await readFile(tarball))),
    );
    // Node.js 10 does not support subpaths of `exports` and cannot run the guard, so its problems
    // are ignored.
    const served = (problem: object) =>
      !('resolutionKind' in problem && problem.resolutionKind === 'node10');
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(analysis.types && analysis.problems.filter(served)).toEqual([]);
  });

  test('the tarball contains the build output, configurations, documents and the license', async () => {
    const expected =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|nginx\/apikey(-http)?\.conf|caddy\/apikey\.caddy|envoy\/envoy\.yaml|dist\/[\w-]+\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts))$/;
    const entries = await entriesOf(tarball);
    expect(entries.filter((entry) => !expected.test(entry))).toEqual([]);
    expect(entries).toEqual(
      expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'nginx/apikey.conf', 'dist/hono.cjs']),
    );
  });

  test('the tarball bundles code of the workspace only', async () => {
    const sources = await bundledSources('guard', tarball);
    expect(sources).toContain('verification/src/digest.ts');
    const packages = /^(guard|schema|verification)\/src\//;
    expect(sources.filter((source) => !packages.test(source))).toEqual([]);
  });

  test('the frameworks are optional, and dependencies are ranges', async () => {
    const manifest = await manifestOf(tarball);
    expect(manifest).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      license: 'Apache-2.0',
      publishConfig: { access: 'public', provenance: true },
    });
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
    for (const range of Object.values(dependencies)) expect(range).toMatch(/^\^\d/);
    expect(Object.keys(dependencies)).not.toContain('express-rate-limit');
    expect(Object.keys(peerDependencies)).toEqual(Object.keys(peerDependenciesMeta));
    for (const { optional } of Object.values(peerDependenciesMeta)) expect(optional).toBe(true);
  });

  test('declarations document each member, and refer neither to the workspace nor to other frameworks', async () => {
    const entries = (await entriesOf(tarball)).filter((entry) => entry.endsWith('.d.ts'));
    for (const entry of entries) {
      const declarations = await textIn(tarball, entry);
      const own = /dist\/(fastify|hono)\.d\.ts/.exec(entry)?.[1];
      const packages = [...declarations.matchAll(/from ["']([^."'][^"']*)/g)].map(
        ([, name]) => name,
      );
      expect(packages.filter((name) => name !== own && name !== 'node:http')).toEqual([]);
      expect(undocumentedMembers(declarations), entry).toEqual([]);
    }
    expect(entries).toContain('dist/hono.d.ts');
  });
});

// The tests run concurrently, because each waits until the service has stored the usage.
describe.concurrent('the examples of the README', () => {
  test.each(examples)('the example for %s runs unchanged', async (heading) => {
    await writeFile(join(consumer.folder, fileOf(heading)), exampleOf(heading));
    const port = await freePort();
    const child = spawn(process.execPath, [fileOf(heading)], {
      cwd: consumer.folder,
      env: { ...process.env, ANDAMIO_URL: `${service.url}/api/v1`, PORT: `${port}` },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    endWithFile(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const { userId, key, expiresAt, usedToday } = await issue(service, 'growth');
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close', ...headers } });
    await waitFor('the example to listen', () =>
      ask({}).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );

    for (let sent = 0; sent < 3; sent++) {
      const response = await ask({ 'X-API-Key': key });
      const until = new Date(expiresAt).toISOString();
      expect(await response.json()).toEqual({ hello: userId, tier: 'growth', until });
    }
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await expect.poll(usedToday, usageStored).toBe(3);
  });
});

const firestoreExample = `import { apiKeyGuard } from '@andamio/guard';\n${exampleOf('Strategies')}`;

test.each(['node16', 'bundler'] as const)(
  'the examples of the README and a CommonJS module type-check (%s)',
  async (resolution) => {
    const texts = {
      ...Object.fromEntries(examples.map((heading) => [fileOf(heading), exampleOf(heading)])),
      'firestore.ts': firestoreExample,
      'commonjs.cts': `
        import { type ApiKeyGuardOptions, createKeyChecker, type KeyCheck } from '@andamio/guard';
        import { apiKeyGuard } from '@andamio/guard/hono';
        const options: ApiKeyGuardOptions = { verify: 'https://host' };
        const checker = createKeyChecker(options);
        const check: Promise<KeyCheck> = checker.check(null, { clientAddress: undefined });
        export const guard = apiKeyGuard({ ...options, clientAddress: () => undefined });
        check.then((result) => (result.allowed ? result.apiKey.tier : result.code));`,
    };
    for (const [file, text] of Object.entries(texts))
      await writeFile(join(consumer.folder, file), text);
    expect(await checkTypes(consumer, Object.keys(texts), resolution)).toBe('');
  },
);

test('wrong uses do not type-check', async () => {
  const wrong = exampleOf('Express').replace('apiKey.userId', 'apiKey.user');
  await writeFile(join(consumer.folder, 'wrong.ts'), wrong);
  const lacking = firestoreExample.replace(/digestKeys: .*\n/, '');
  await writeFile(join(consumer.folder, 'lacking.ts'), lacking);
  const files = ['wrong.ts', 'lacking.ts'];
  const problems = await checkTypes(consumer, files, 'node16').catch(String);
  expect(problems).toContain("'user' does not exist on type 'ApiKey'");
  expect(problems).toContain("Property 'digestKeys' is missing");
});

describe('the installed guard', () => {
  const program = `
    const checker = createKeyChecker({ verify: process.env.URL });
    const check = (key) => checker.check(key, { clientAddress: '192.0.2.1' });
    Promise.all([check(process.env.KEY), check('none')]).then(async ([good, bad]) => {
      await checker.close();
      const { allowed, apiKey } = good;
      console.log(JSON.stringify([allowed, apiKey?.tier, bad.status, good.code]));
    });`;
  const programs = {
    'module.mjs': `import { createKeyChecker } from '@andamio/guard';${program}`,
    'commonjs.cjs': `const { createKeyChecker } = require('@andamio/guard');${program}`,
  };
  const deno = ['run', '--node-modules-dir=manual', '--allow-all'];
  const runtimes: Record<string, readonly [string, ...string[]]> = {
    'Node.js': [process.execPath],
    ...(inject('available').includes('deno') && { Deno: ['deno', ...deno] }),
    ...(inject('available').includes('bun') && { Bun: ['bun', 'run'] }),
  };

  describe.each(Object.entries(runtimes))('%s', (runtime, [command, ...args]) => {
    test.each(Object.entries(programs))(
      `checks keys with the service in ${runtime}, from %s`,
      async (file, text) => {
        await writeFile(join(consumer.folder, file), text);
        const { key } = await issue(service, 'growth');
        const printed = await run(consumer.folder, command, [...args, file], {
          URL: service.url,
          KEY: key,
          DENO_NO_UPDATE_CHECK: '1',
        });
        expect(JSON.parse(printed)).toEqual([true, 'growth', 401, null]);
      },
    );
  });
});
