import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@andamio/testing/free-port';
import { checkTypes, run } from '@andamio/testing/packed';
import { waitFor } from '@andamio/testing/wait-for';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installPacked } from './harness/packed.ts';
import { issue, startService } from './harness/service.ts';

const consumer = await installPacked();
await writeFile(
  join(consumer.folder, 'package.json'),
  JSON.stringify({ private: true, type: 'module' }),
);
const service = await startService();

/** Returns one of the README's two code blocks. */
async function example(index: number): Promise<string> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/```ts\n([\s\S]*?)```/g)][index]?.[1] ?? '';
}

describe('the tarball', () => {
  test('the tarball passes publint', async () => {
    const bytes = new Uint8Array(await readFile(consumer.tarball));
    expect((await publint({ pack: { tarball: bytes.buffer }, strict: true })).messages).toEqual([]);
  });

  test('the tarball has correct types for every ES module resolution', async () => {
    const analysis = await checkPackage(
      createPackageFromTarballData(new Uint8Array(await readFile(consumer.tarball))),
    );
    // The package supports only ES modules. Problems of old Node.js versions and of require() do
    // not matter.
    const served = (problem: object) =>
      !('resolutionKind' in problem) ||
      !['node10', 'node16-cjs'].includes(String(problem.resolutionKind));
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(analysis.types && analysis.problems.filter(served)).toEqual([]);
  });

  test('the tarball contains the build output and configurations, and neither sources nor tests', async () => {
    const files = (await run(consumer.folder, 'tar', ['-tzf', consumer.tarball]))
      .trim()
      .split('\n');
    const expected =
      /^package\/(package\.json|README\.md|nginx\/apikey(-http)?\.conf|caddy\/apikey\.caddy|envoy\/envoy\.yaml|dist\/.+\.(js|js\.map|d\.ts))$/;
    expect(files.filter((file) => !expected.test(file))).toEqual([]);
    expect(files).toContain('package/nginx/apikey.conf');
  });
});

describe('the example of the README', () => {
  test('the example of the README runs unchanged', async () => {
    await writeFile(join(consumer.folder, 'example.ts'), await example(0));
    const port = await freePort();
    const child = spawn(process.execPath, ['example.ts'], {
      cwd: consumer.folder,
      env: { ...process.env, ANDAMIO_URL: service.url, PORT: `${port}` },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const { userId, key, expiresAt, usedToday } = await issue(service, 'growth');
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/`, { headers });
    await waitFor('the example to listen', () =>
      ask({}).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );

    for (let sent = 0; sent < 3; sent++) {
      const response = await ask({ 'X-API-Key': key, connection: 'close' });
      const until = new Date(expiresAt).toISOString();
      expect(await response.json()).toEqual({ hello: userId, tier: 'growth', until });
    }
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await expect.poll(usedToday, { timeout: 30_000 }).toBe(3);
  });

  test.each(['node16', 'bundler'] as const)(
    'the example of the README type-checks, and wrong uses do not (%s)',
    async (resolution) => {
      const whole = await example(0);
      await writeFile(join(consumer.folder, 'right.ts'), whole);
      expect(await checkTypes(consumer, 'right.ts', resolution)).toBe('');
      await writeFile(
        join(consumer.folder, 'wrong.ts'),
        whole.replace('apiKey.userId', 'apiKey.user'),
      );
      await expect(checkTypes(consumer, 'wrong.ts', resolution)).rejects.toThrow(
        "'user' does not exist on type 'ApiKey'",
      );
      const firestore = `import { apiKeyGuard } from '@andamio/guard';\n${await example(1)}`;
      await writeFile(join(consumer.folder, 'firestore.ts'), firestore);
      expect(await checkTypes(consumer, 'firestore.ts', resolution)).toBe('');
      await writeFile(
        join(consumer.folder, 'lacking.ts'),
        firestore.replace(/digestKeys: .*\n/, ''),
      );
      await expect(checkTypes(consumer, 'lacking.ts', resolution)).rejects.toThrow('digestKeys');
    },
  );
});
