import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkTypes, run } from '@andamio/testing/packed';
import { tokenFor } from '@andamio/testing/tokens';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { describe, expect, test } from 'vitest';
import { installPacked } from './harness/packed.ts';
import { startService } from './harness/proxy.ts';

const consumer = await installPacked();
const baseUrl = await startService();

/** Returns the first TypeScript code block of a README. */
async function exampleOf(readme: string): Promise<string> {
  const text = await readFile(new URL(readme, import.meta.url), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

const readmeExample = () => exampleOf('../README.md');

describe.each(['client', 'schema'] as const)('the tarball of packages/%s', (name) => {
  test('the tarball passes publint', async () => {
    const bytes = new Uint8Array(await readFile(consumer.tarballs[name]));
    const { messages } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  test('the tarball has correct types for every ES module resolution', async () => {
    const bytes = new Uint8Array(await readFile(consumer.tarballs[name]));
    const analysis = await checkPackage(createPackageFromTarballData(bytes));
    // The package supports only ES modules. Problems of old Node.js versions and of require() do
    // not matter.
    const served = (problem: object) =>
      !('resolutionKind' in problem) ||
      !['node10', 'node16-cjs'].includes(String(problem.resolutionKind));
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(analysis.types && analysis.problems.filter(served)).toEqual([]);
  });

  test('the tarball contains the build output and neither sources nor tests', async () => {
    const files = (await run(consumer.folder, 'tar', ['-tzf', consumer.tarballs[name]]))
      .trim()
      .split('\n');
    const expected =
      /^package\/(package\.json|README\.md|openapi\.json|dist\/.+\.(js|js\.map|d\.ts))$/;
    expect(files.filter((file) => !expected.test(file))).toEqual([]);
  });
});

describe('an installed client', () => {
  test('an installed client calls the service from JavaScript', async () => {
    await writeFile(
      join(consumer.folder, 'use.js'),
      `import { createClient } from '@andamio/client';
       import { errorCodes } from '@andamio/schema/errors';
       const client = createClient({ baseUrl: process.env.URL, token: process.env.TOKEN });
       const { name } = await client.requestApiKey({ api_key_name: 'from JavaScript' });
       console.log(JSON.stringify([name, errorCodes.includes('name_taken')]));`,
    );
    const printed = await run(consumer.folder, process.execPath, ['use.js'], {
      URL: baseUrl,
      TOKEN: tokenFor('js'),
    });
    expect(JSON.parse(printed)).toEqual(['from JavaScript', true]);
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
    const started = 'http://127.0.0.1:8080';
    const lines = await exampleOf('../../../README.md');
    expect(lines).toContain(started);
    await writeFile(
      join(consumer.folder, 'lines.ts'),
      `import { createClient } from '@andamio/client';
       const token = process.env['TOKEN'] ?? '';
       ${lines.replace(started, baseUrl)}
       console.log(api_key);`,
    );
    expect(await checkTypes(consumer, 'lines.ts', 'node16')).toBe('');
    const runLines = () =>
      run(consumer.folder, process.execPath, ['lines.ts'], { TOKEN: tokenFor('newcomer') });
    const keys = [await runLines(), await runLines()];
    for (const key of keys) expect(key).toMatch(/^ant-[0-9A-Za-z]{40}\n$/);
    expect(new Set(keys).size, 'the first is deleted, or its name would be taken').toBe(2);
  });

  test.each(['node16', 'bundler'] as const)(
    'type-checks the example and rejects wrong uses (%s)',
    async (resolution) => {
      const example = await readmeExample();
      await writeFile(join(consumer.folder, 'right.ts'), example);
      expect(await checkTypes(consumer, 'right.ts', resolution)).toBe('');
      await writeFile(
        join(consumer.folder, 'wrong.ts'),
        example.replace('expires_in_days: 30', "expires_in_days: '30'"),
      );
      await expect(checkTypes(consumer, 'wrong.ts', resolution)).rejects.toThrow(
        "'string' is not assignable to type 'number'",
      );
      await writeFile(
        join(consumer.folder, 'stranger.ts'),
        example.replace("'name_taken'", "'name_token'"),
      );
      await expect(checkTypes(consumer, 'stranger.ts', resolution)).rejects.toThrow('"name_token"');
    },
  );
});
