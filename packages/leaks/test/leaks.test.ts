import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey, maskKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { folderOf } from './harness/folder.ts';
import { leaks, memoryOf } from './harness/leaks.ts';

const key = makeKey();
const masked = maskKey(key);

describe('pnpm leaks', () => {
  test('prints the location of a masked key and exits with 1', async () => {
    const folder = folderOf({ 'a.env': `# first\nAPI_KEY=${key}\n`, 'b.txt': 'nothing' });
    const { out, err, code } = await leaks([folder]);
    expect(out).toBe(`${folder}/a.env:2:9: ${masked}\n`);
    expect(err).toContain('2 files read: 1 key found');
    expect(code).toBe(1);
  });

  test('exits with 0 if it finds no key', async () => {
    const folder = folderOf({ 'a.txt': masked, 'b.txt': key.slice(0, -1) });
    expect(await leaks([folder])).toMatchObject({ out: '', code: 0 });
  });

  test('exits with 2 if a path cannot be read, even if it finds keys elsewhere', async () => {
    const folder = folderOf({ 'a.txt': key });
    const { out, err, code } = await leaks([join(folder, 'missing'), join(folder, 'a.txt')]);
    expect(out).toBe(`${folder}/a.txt:1:1: ${masked}\n`);
    expect(err).toContain(`${folder}/missing: could not be read (ENOENT)`);
    expect(code).toBe(2);
  });

  test.each([[[]], [['--unknown', '.']]])(
    'exits with 2 and prints its usage for the arguments %j',
    async (args) => {
      const { out, err, code } = await leaks(args);
      expect({ out, code }).toEqual({ out: '', code: 2 });
      expect(err).toContain('Usage: npx -y pnpm@12 leaks [--json] [--report URL] PATH...');
    },
  );

  test('--help documents which files are read and the exit codes', async () => {
    const { out, code } = await leaks(['--help']);
    expect(out).toMatch(/node_modules\s+and \.git/);
    expect(out).toContain(
      'Exit code: 0 no key found, 1 keys found, 2 some paths could not be read',
    );
    expect(code).toBe(0);
  });

  test('reads standard input for the path -', async () => {
    expect(await leaks(['-'], `x\n ${key}`)).toMatchObject({ out: `-:2:2: ${masked}\n`, code: 1 });
  });

  test('--json prints one JSON object per line and no other standard output', async () => {
    const folder = folderOf({ 'a.txt': `\n${key} ${key}`, [`${key}.txt`]: '' });
    const { out, code } = await leaks(['--json', folder, join(folder, 'missing')]);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { path: `${folder}/a.txt`, offset: 1, line: 2, column: 1, key: masked },
      { path: `${folder}/a.txt`, offset: 46, line: 2, column: 46, key: masked },
      { path: `${folder}/${masked}.txt`, key: masked },
      { path: `${folder}/missing`, error: 'ENOENT' },
    ]);
    expect(code).toBe(2);
  });

  test('never prints an unmasked key', async () => {
    const folder = folderOf({
      [`${key}/${key}.txt`]: `${key}\n${key}`,
      'b.bin': Buffer.from(key, 'utf16le'),
      [`a%3D${key}x`]: key,
    });
    symlinkSync('nowhere', join(folder, `link to ${key}`));
    for (const options of [[], ['--json']]) {
      const { out, err } = await leaks([...options, folder]);
      expect(out.match(new RegExp(masked, 'g'))?.length).toBeGreaterThan(6);
      expect(out).not.toContain(key);
      expect(err).not.toContain(key);
    }
  });

  test('searches a file of 1 GiB to its end with bounded memory', async () => {
    const folder = folderOf({ small: key });
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 30);
    writeFileSync(large, `\n${key}`, { flag: 'a' });

    const { memory: base } = await memoryOf([join(folder, 'small')]);
    const { out, code, memory } = await memoryOf([large]);
    expect(out).toBe(`${large}:2:1: ${masked}\n`);
    expect(code).toBe(1);
    expect(base).toBeGreaterThan(2 ** 20);
    expect(memory - base).toBeLessThan(128 * 2 ** 20);
  });
});
