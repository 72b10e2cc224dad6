import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { runCommand, spawnAdmin } from '../harness/admin.ts';

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-admin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('admin.js without a store', () => {
  test.each([
    ['the default path', '.data/keys.db', {}],
    ['SQLITE_PATH', 'nowhere/keys.db', { SQLITE_PATH: 'nowhere/keys.db' }],
  ])(
    'exits with 78, names the path and creates nothing if %s does not exist',
    async (_, path, environment) => {
      const folder = emptyFolder();
      const { code, stdout, stderr } = await spawnAdmin(
        ['revoke', '--key-stdin'],
        environment,
        '',
        folder,
      ).result;
      expect([code, stdout]).toEqual([78, '']);
      expect(stderr).toContain(join(folder, path));
      expect(stderr).toMatch(/KEY_STORE=firestore/);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test.each([
    ['a text file', (path: string) => writeFileSync(path, 'not a database')],
    ['a folder', (path: string) => mkdirSync(path)],
    ['an empty file', (path: string) => writeFileSync(path, '')],
    [
      'a database of another program',
      (path: string) => {
        const database = new DatabaseSync(path);
        database.exec('CREATE TABLE notes (text TEXT)');
        database.close();
      },
    ],
  ])('exits with 78, names the path and changes nothing if the path is %s', async (_, place) => {
    const folder = emptyFolder();
    const path = join(folder, 'keys.db');
    place(path);
    const { code, stderr } = await runCommand(['stats'], { SQLITE_PATH: path });
    expect(code).toBe(78);
    expect(stderr).toContain(`${path} is not one`);
    expect(readdirSync(folder)).toEqual(['keys.db']);
  });

  test('exits with 78 if a command needs a pepper and none exists, and generates none', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'keys.db');
    const store = createSqliteStore(path, Date.now);
    await store.check();
    await store.close();
    const { code, stderr } = await spawnAdmin(['digest-keys'], { SQLITE_PATH: path }, '', folder)
      .result;
    expect(code).toBe(78);
    expect(stderr).toMatch(/^KEY_PEPPERS must be set/m);
    expect(existsSync(join(folder, '.data'))).toBe(false);
  });
});
