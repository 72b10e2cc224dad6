import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey, maskKey } from '@andamio/schema/key-format';
import { describe, expect, onTestFinished, test } from 'vitest';
import { jsonReport, textReport } from '../src/report.ts';
import { scan } from '../src/scan.ts';
import { folderOf } from './harness/folder.ts';

const key = makeKey();

async function* noInput(): AsyncGenerator<Buffer> {}

/** Scans paths. Returns the paths that contain keys, the failures and the counts. */
async function scanned(paths: readonly string[], input: AsyncIterable<Buffer> = noInput()) {
  const lines: { path: string; key?: string; error?: string }[] = [];
  const tally = await scan(
    paths,
    input,
    jsonReport((line) => lines.push(JSON.parse(line))),
  );
  return {
    tally,
    found: lines.filter((line) => line.key !== undefined).map(({ path }) => path),
    failures: lines.filter(({ error }) => error !== undefined),
  };
}

/** Runs the rest of the test as an unprivileged user. */
function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}

describe('folders', () => {
  test('reads hidden files, node_modules and .git, in the order of names', async () => {
    const names = ['.env', '.git/config', 'a/b/c/d.txt', 'node_modules/x/index.js', 'z'];
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, key])));
    const { found, tally } = await scanned([folder]);
    expect(found).toEqual(names.map((name) => join(folder, name)));
    expect(tally).toEqual({ read: 5, found: 5, unreadable: 0, skipped: 0 });
  });

  test('reads files whose names are not valid UTF-8', async () => {
    const folder = folderOf({});
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xe9, 0xff)]), key);
    expect((await scanned([folder])).tally).toEqual({
      read: 1,
      found: 1,
      unreadable: 0,
      skipped: 0,
    });
  });

  test('accepts a folder with a trailing slash and an empty folder', async () => {
    const folder = folderOf({ a: key });
    expect((await scanned([`${folder}/`])).found).toEqual([`${folder}/a`]);
    expect((await scanned([folderOf({})])).tally).toEqual({
      read: 0,
      found: 0,
      unreadable: 0,
      skipped: 0,
    });
  });
});

describe('links', () => {
  test('does not follow links below a folder', async () => {
    const outside = folderOf({ secret: key });
    const folder = folderOf({ 'in/a': key });
    symlinkSync(outside, join(folder, 'out'));
    symlinkSync(join(outside, 'secret'), join(folder, 'in/secret'));
    symlinkSync('..', join(folder, 'in/circle'));
    const { found, tally } = await scanned([folder]);
    expect(found).toEqual([join(folder, 'in/a')]);
    expect(tally).toEqual({ read: 1, found: 1, unreadable: 0, skipped: 3 });
  });

  test('follows a link that is given as a path', async () => {
    const outside = folderOf({ secret: key });
    const folder = folderOf({});
    symlinkSync(outside, join(folder, 'out'));
    expect((await scanned([join(folder, 'out')])).found).toEqual([join(folder, 'out/secret')]);
  });

  test('does not open pipes in a folder, which would block', async () => {
    const folder = folderOf({ a: key });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await scanned([folder])).tally).toEqual({
      read: 1,
      found: 1,
      unreadable: 0,
      skipped: 1,
    });
  });
});

describe('unreadable paths', () => {
  test('reports a file and a folder without permission, and reads the rest', async () => {
    const folder = folderOf({ 'a/b': key, c: key, d: key });
    chmodSync(join(folder, 'a'), 0);
    chmodSync(join(folder, 'c'), 0);
    onTestFinished(() => chmodSync(join(folder, 'a'), 0o755));
    dropPrivileges();
    const { found, failures, tally } = await scanned([folder]);
    expect(found).toEqual([join(folder, 'd')]);
    expect(failures).toEqual([
      { path: join(folder, 'a'), error: 'EACCES' },
      { path: join(folder, 'c'), error: 'EACCES' },
    ]);
    expect(tally).toEqual({ read: 1, found: 1, unreadable: 2, skipped: 0 });
  });

  test('reports input that fails, and the keys found before', async () => {
    async function* breaking(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${key}\n`);
      throw Object.assign(new Error(key), { code: 'EIO' });
    }
    const { found, failures } = await scanned(['-'], breaking());
    expect(found).toEqual(['-']);
    expect(failures).toEqual([{ path: '-', error: 'EIO' }]);
  });
});

describe('names with characters that control a terminal or change the direction of text', () => {
  const name = 'a\nb\x1b[2J\x9b\u202ec\u200b';

  test('are escaped in text', async () => {
    const folder = folderOf({ [name]: key });
    const [out, err]: [string[], string[]] = [[], []];
    const report = textReport(
      (line) => out.push(line),
      (line) => err.push(line),
    );
    await scan([folder, join(folder, `${name}/x`)], noInput(), report);
    const shown = `${folder}/a\\u{a}b\\u{1b}[2J\\u{9b}\\u{202e}c\\u{200b}`;
    expect(out).toEqual([`${shown}:1:1: ${maskKey(key)}`]);
    expect(err).toEqual([`${shown}/x: could not be read (ENOTDIR)`]);
  });

  test('are escaped in JSON, from which programs read the exact name', async () => {
    const folder = folderOf({ [name]: key });
    const lines: string[] = [];
    const report = jsonReport((line) => lines.push(line));
    await scan([folder, join(folder, `${name}/x`)], noInput(), report);
    for (const line of lines) expect(line).not.toMatch(/\p{C}/u);
    expect(lines.map((line) => JSON.parse(line).path)).toEqual([
      join(folder, name),
      join(folder, name, 'x'),
    ]);
  });
});

test('finds keys in the names of files and folders', async () => {
  const folder = folderOf({ [`a ${key} ${key}.txt`]: '' });
  mkdirSync(join(folder, `b-${key}`));
  expect((await scanned([folder])).tally.found).toBe(3);
});
