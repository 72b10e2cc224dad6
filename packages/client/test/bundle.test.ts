import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { tokenFor } from '@andamio/testing/tokens';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { createClient } from '../src/index.ts';
import { startService } from './harness/proxy.ts';

const { outputFiles, metafile } = await build({
  entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
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
  const { byteLength } = gzipSync(bundle, { level: 9 });
  expect(byteLength).toBeLessThanOrEqual(5_000);
});

test('a bundle contains only the client, neither zod nor the contract', () => {
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('src/index.ts');
  expect(inputs.filter((input) => !input.startsWith('src/'))).toEqual([]);
});

test('the client runs with the globals of browsers and workers', async () => {
  const shared = { fetch, AbortController, URL, crypto, performance, setTimeout, clearTimeout };
  const context: Record<string, unknown> = { ...shared };
  runInNewContext(new TextDecoder().decode(bundle), context);
  const { createClient: create } = context['client'] as { createClient: typeof createClient };
  const client = create({ baseUrl: await startService(), token: tokenFor('ada') });
  expect(await client.requestApiKey({ api_key_name: 'MyFirstKey' })).toHaveProperty(
    'name',
    'MyFirstKey',
  );
  expect(await client.getOpenApiDocument()).toHaveProperty('openapi');
});
