import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnService, startProcess, type TestProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { jwtSecret } from '@andamio/testing/tokens';
import jwt from 'jsonwebtoken';
import { afterEach, describe, expect, test } from 'vitest';

/** Starts the service with invalid settings and waits until it exits. */
async function refusal(environment: Record<string, string>) {
  const service = spawnService(environment);
  const { code } = await service.exited;
  return { code, lines: service.output().trim().split('\n') };
}

describe('invalid settings', () => {
  test('exits with 78 and prints a line per invalid setting, with its rule but not its value', async () => {
    const { code, lines } = await refusal({
      PORT: 'eighty',
      JWT_SECRETS: 'my-short-secret',
      KEY_PEPPERS: 'a:bXktcGVwcGVy',
    });
    expect(code).toBe(78);
    expect(lines).toEqual([
      'PORT must be an integer from 0 to 65535.',
      'JWT_SECRETS must be secrets of at least 32 bytes each, separated by commas.',
      expect.stringMatching(/^KEY_PEPPERS must be VERSION:BASE64 pairs/),
    ]);
    expect(lines.join()).not.toMatch(/eighty|my-short-secret|bXktcGVwcGVy/);
  });

  test('production rejects all development defaults at once', async () => {
    const { code, lines } = await refusal({ NODE_ENV: 'production' });
    expect(code).toBe(78);
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'KEY_STORE',
      'JWT_SECRETS',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
      'KEY_PEPPERS',
    ]);
  });
});

describe('generated development secrets', () => {
  const services: TestProcess[] = [];
  afterEach(() => {
    for (const { signal } of services.splice(0)) signal('SIGKILL');
  });

  async function start(folder?: string) {
    const service = await startProcess({ JWT_SECRETS: undefined, KEY_PEPPERS: undefined }, folder);
    services.push(service);
    return service;
  }
  const secretOf = (folder: string) =>
    readFileSync(join(folder, '.data/jwt-secret')).toString('base64url');
  const tokenBy = (secret: string) => jwt.sign({ sub: 'user' }, secret, { expiresIn: 60 });

  test('keeps generated secrets across restarts, readable by their owner only', async () => {
    const { folder, url, stop } = await start();
    expect(statSync(join(folder, '.data')).mode & 0o777).toBe(0o700);
    for (const file of ['jwt-secret', 'key-pepper', 'keys.db']) {
      const requested = await requestKey(
        url,
        { api_key_name: file },
        { token: tokenBy(secretOf(folder)) },
      );
      expect([200, 429]).toContain(requested.status);
      expect(statSync(join(folder, '.data', file)).mode & 0o777, file).toBe(0o600);
    }
    const token = tokenBy(secretOf(folder));
    await stop('SIGKILL');
    const again = await start(folder);
    expect(
      (await requestKey(again.url, { api_key_name: 'jwt-secret' }, { token })).status,
      'the name is taken',
    ).toBe(422);
  });

  test.each<[string, string, (path: string) => void, RegExp]>([
    [
      'empty',
      'jwt-secret',
      (path) => writeFileSync(path, ''),
      /must contain at least 32 bytes, but has 0/,
    ],
    [
      'too short',
      'jwt-secret',
      (path) => writeFileSync(path, 'x'.repeat(31)),
      /at least 32 bytes, but has 31/,
    ],
    [
      'empty',
      'key-pepper',
      (path) => writeFileSync(path, ''),
      /must contain at least 32 bytes, but has 0/,
    ],
    ['a folder', 'key-pepper', (path) => mkdirSync(path), /cannot be read \(EISDIR\)/],
    ['a dangling link', 'jwt-secret', (path) => symlinkSync('/nowhere/at-all', path), /cannot be/],
  ])(
    'exits with 78 and prints one line with path and remedy if a secret file is %s (%s)',
    async (_what, name, make, rule) => {
      const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
      mkdirSync(join(folder, '.data'));
      make(join(folder, '.data', name));
      const service = spawnService({ PORT: '0' }, folder);
      expect(await service.exited).toEqual({ code: 78, signal: null });
      const lines = service.output().trimEnd().split('\n');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(rule);
      expect(lines[0]).toContain(`.data/${name} `);
      expect(lines[0]).toContain('Delete the file');
      expect(lines[0]).toContain(name === 'jwt-secret' ? 'set JWT_SECRETS' : 'set KEY_PEPPERS');
    },
  );

  test('generates the same secrets for two services that start at the same time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andamio-api-'));
    const both = await Promise.all([start(folder), start(folder)]);
    const token = tokenBy(secretOf(folder));
    const answers = await Promise.all(
      both.map(({ url }) => requestKey(url, { api_key_name: 'abc' }, { token })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  test('generates no secret that the settings provide', async () => {
    const service = await startProcess({ JWT_SECRETS: jwtSecret });
    services.push(service);
    expect(() => statSync(join(service.folder, '.data/jwt-secret'))).toThrow('ENOENT');
  });
});
