import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { addition, command, day, present } from '@andamio/testing/store/commands';
import { describeKeyStore } from '@andamio/testing/store/contract';
import { testAgainstModel } from '@andamio/testing/store/model';
import { withOperations } from '@andamio/testing/store/operations';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OutcomeUnknownError, StoreUnavailableError } from '../../src/keys/store.ts';
import { migrations } from '../../src/store/sqlite/migrations.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fileStore, memoryStore, readFile, temporaryFile } from '../harness/stores.ts';
import { describeStoredKeys } from './stored.ts';

const readableFileStore = fileStore as Parameters<typeof describeStoredKeys>[1];

describeKeyStore('SQLite in memory', memoryStore);
describeKeyStore('SQLite in a file', fileStore);
describeStoredKeys('SQLite in a file', readableFileStore);
testAgainstModel('SQLite in memory', memoryStore, 200);
testAgainstModel('SQLite in a file', fileStore, 100);

describe('SQLite in a file', () => {
  test('the file and its folder are made where they are missing, for their owner alone', async () => {
    const path = temporaryFile('a folder/keys.db');
    const store = withOperations(createSqliteStore(path, Date.now));
    await store.issue(command());
    await store.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('what one store issued, the next one on the same file knows', async () => {
    const path = temporaryFile();
    const first = withOperations(createSqliteStore(path, Date.now));
    await first.issue(command({ maximumKeys: 1 }));
    await first.close();

    const second = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => second.close());
    expect(await second.issue(command({ maximumKeys: 1 }))).toBe('name_taken');
    expect(await second.issue(command({ name: 'other', maximumKeys: 1 }))).toBe(
      'key_limit_reached',
    );
  });

  test('a file of the first version is brought up to date, with the keys that are in it', async () => {
    const path = temporaryFile();
    const older = new DatabaseSync(path);
    older.exec(migrations[0]);
    older.exec(`INSERT INTO owners VALUES ('owner', ${present}, 'growth', ${present})`);
    older.exec(
      `INSERT INTO keys VALUES ('owner', 'name', 'id', 'ant-abcd', ${present}, ${present + day}, 1, 'v', ${present + 31 * day})`,
    );
    older.close();

    const one = withOperations(createSqliteStore(path, Date.now));
    const other = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(async () => void (await Promise.all([one.close(), other.close()])));
    const [found, again] = await Promise.all([one.find(['id']), other.find(['id'])]);
    expect(found).toMatchObject({
      record: { name: 'name', serial: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(again).toEqual(found);
  });

  test('a file that could not be opened is opened once it can be', async () => {
    const path = temporaryFile();
    mkdirSync(path); // A folder has the path of the database file.
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    await expect(store.issue(command())).rejects.toThrow(StoreUnavailableError);
    await expect(store.check()).rejects.toThrow(StoreUnavailableError);

    rmSync(path, { recursive: true });
    await store.check();
    expect(await store.issue(command())).toBe('issued');
  });

  test('a file that is no database is refused and left as it was', async () => {
    const path = temporaryFile();
    writeFileSync(path, 'Dear diary, '.repeat(100));
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    await expect(store.issue(command())).rejects.toThrow(StoreUnavailableError);
    expect(readFileSync(path, 'utf8')).toBe('Dear diary, '.repeat(100));
  });

  test('where a commit fails, a change of the same moment is of unknown outcome, and what only looked is not', async () => {
    const store = withOperations(createSqliteStore(temporaryFile(), Date.now));
    onTestFinished(() => store.close());
    await store.check();
    const execute = vi.spyOn(DatabaseSync.prototype, 'exec');
    onTestFinished(() => execute.mockRestore());
    execute.mockImplementation(function (this: DatabaseSync, statement) {
      if (statement !== 'COMMIT') return void this.prepare(statement).run();
      throw Object.assign(new Error('disk I/O error'), { errcode: 778 });
    });
    const changed = store.issue(command());
    const looked = [
      store.find(['id']),
      store.list('owner', present),
      store.addUsage(addition({})),
      store.check(),
    ];
    await expect(changed).rejects.toBeInstanceOf(OutcomeUnknownError);
    for (const one of looked) await expect(one).rejects.toBeInstanceOf(StoreUnavailableError);
    execute.mockRestore();
    expect((await store.list('owner', present)).keys).toEqual([]);
  });

  test('keys that are gone are removed within the hour, all others stay', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const path = temporaryFile();
    const store = withOperations(createSqliteStore(path, () => (present + 31 * day) * 1000 + 999));
    onTestFinished(() => store.close());
    await store.issue(command({ name: 'gone', expiresInDays: 1 }));
    await store.issue(
      command({ name: 'gone a second later', createdAt: present + 1, expiresInDays: 1 }),
    );
    await store.issue(command({ name: 'valid' }));

    vi.advanceTimersByTime(3_600_000);
    await store.check();
    expect(readFile(path)['keys']?.map(({ name }) => name)).toEqual([
      'gone a second later',
      'valid',
    ]);
  });

  test('usage is removed 13 months after its month, and what names its additions two days after the day', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const path = temporaryFile();
    let now = Date.UTC(2025, 8, 1, 23, 59, 59, 999);
    const store = withOperations(createSqliteStore(path, () => now));
    onTestFinished(() => store.close());
    await store.addUsage(addition({ name: 1 }, { day: '2025-08-31', attempt: 'first' }));
    await store.addUsage(addition({ name: 1 }, { day: '2025-09-01', attempt: 'second' }));
    const leftAt = async (milliseconds: number) => {
      now = milliseconds;
      vi.advanceTimersByTime(3_600_000);
      await store.check();
      const { usage = [], usage_attempts = [] } = readFile(path);
      return [usage.map((row) => row['day']), usage_attempts.map(({ attempt }) => attempt)];
    };
    const both = ['2025-08-31', '2025-09-01'];
    expect(await leftAt(now)).toEqual([both, ['first', 'second']]);
    expect(await leftAt(Date.UTC(2025, 8, 2))).toEqual([both, ['second']]);
    expect(await leftAt(Date.UTC(2026, 9, 1) - 1)).toEqual([both, []]);
    expect(await leftAt(Date.UTC(2026, 9, 1))).toEqual([['2025-09-01'], []]);
  });
});
