import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@andamio/testing/free-port';
import { listeningLine } from '@andamio/testing/service-process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagesCanBeBuilt } from './harness/requirements.ts';
import { startContainer } from './rehearsal/container.ts';
import { Images } from './rehearsal/images.ts';

const bundle = join(import.meta.dirname, '../../apps/api/dist');

const production = {
  KEY_STORE: 'firestore',
  GOOGLE_CLOUD_PROJECT: 'my-project',
  FIRESTORE_EMULATOR_HOST: '127.0.0.1:1',
  JWT_SECRETS: 'x'.repeat(32),
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'andamio-api',
  KEY_PEPPERS: `a:${Buffer.alloc(32, 1).toString('base64')}`,
};

describe.skipIf(!imagesCanBeBuilt)('the image', () => {
  const images = new Images();
  let files = '';

  beforeAll(async () => {
    await images.buildService('localhost/api', { bundle });
    files = await images.unpack('localhost/api');
  });
  afterAll(() => images.remove());

  test('runs in production mode, as an unprivileged user', async () => {
    const { User, Env, Entrypoint, WorkingDir } = await images.configuration('localhost/api');
    expect(User).toBe('65532:65532');
    expect(Env).toContain('NODE_ENV=production');
    expect([Entrypoint, WorkingDir]).toEqual([['/nodejs/bin/node', '/app/main.js'], '/app']);
  });

  test('contains the bundle with licenses and source maps, but no shell, sources or settings', () => {
    const all = readdirSync(files, { recursive: true, withFileTypes: true }).map(
      ({ parentPath, name }) => join(parentPath, name).slice(files.length),
    );
    expect(all).toContain('/app/main.js');
    expect(all).toContain('/app/main.js.map');
    expect(all.some((path) => path.endsWith('.LEGAL.txt'))).toBe(true);
    expect(
      all.filter((path) =>
        /\/(ba|da)?sh$|\/node_modules\/|\.ts$|\/\.env|package-lock|pnpm/.test(path),
      ),
    ).toEqual([]);
    const others = all.filter(
      (path) => path.startsWith('/app/') && statSync(join(files, path)).mode & 0o022,
    );
    expect(others).toEqual([]);
  });

  test('is the same when it is built from source with the Dockerfile, except for the V8 code cache', async () => {
    await images.buildService('localhost/from-sources', {});
    const [fromBundle, fromSources] = await Promise.all(
      ['localhost/api', 'localhost/from-sources'].map((image) => images.layers(image)),
    );
    expect(fromSources?.slice(0, -1)).toEqual(fromBundle?.slice(0, -1));
    expect(fromSources).toHaveLength(fromBundle?.length as number);
    expect(await images.configuration('localhost/from-sources')).toEqual(
      await images.configuration('localhost/api'),
    );
  }, 600_000);

  test('starts with the code cache of its own Node.js version, and responds on a read-only file system', async () => {
    const port = await freePort();
    const { Env } = await images.configuration('localhost/api');
    const environment = {
      ...Object.fromEntries(Env.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
      ...production,
      PORT: String(port),
    };
    const container = startContainer({
      files,
      user: '65532:65532',
      command: ['/nodejs/bin/node', '/app/main.js'],
      environment: { ...environment, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' },
      memoryMiB: 512,
    });
    let said = '';
    container.stderr?.on('data', (chunk: Buffer) => (said += chunk));
    try {
      for await (const line of createInterface({
        input: container.stdout as NodeJS.ReadableStream,
      })) {
        if (listeningLine.test(line)) break;
      }
      // Node.js logs for each chunk whether its code cache was accepted.
      expect(said.match(/^.* V8 code cache for .* was (?!accepted).*$/gm)).toBeNull();
      expect(said.match(/V8 code cache for .* was accepted/g)?.length).toBeGreaterThan(1);
      const { status } = await fetch(`http://127.0.0.1:${port}/health/live`);
      expect(status).toBe(200);
      const write = spawnSync('unshare', [
        '--mount',
        'bash',
        '-c',
        'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && touch "$0/app/x"',
        files,
      ]);
      expect(write.stderr.toString()).toContain('Read-only file system');
    } finally {
      container.kill('SIGTERM');
    }
    const code = await new Promise((resolve) => container.once('exit', resolve));
    expect(code).toBe(0);
  });
});
