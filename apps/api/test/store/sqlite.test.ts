import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import {
  checkDeadline,
  OutcomeUnknownError,
  StoreUnavailableError,
  storeDeadline,
} from '@andamio/keys/store';
import { usageDeleteAfter } from '@andamio/keys/usage/month';
import { testAgainstModel } from '@andamio/testing/store/against-model';
import { addition, command, day, keyId, present, today } from '@andamio/testing/store/commands';
import { describeKeyStore } from '@andamio/testing/store/contract';
import { withOperations } from '@andamio/testing/store/operations';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { migrations } from '../../src/store/sqlite/migrations.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fileStore, memoryStore, readFile, temporaryFile } from '../harness/stores.ts';
import { describeStoredKeys } from './stored.ts';

/**
 * Number of migrations up to the last schema version that stores usage in one row per day and name.
 */
const versionWithUsageByDay = 10;

/** Creates a store that deletes records whose retention has passed, as the service does. */
const sweeping = (
  path: string,
  now: () => number,
  warn: (error: unknown) => void = (error) => {
    throw error;
  },
) => withOperations(createSqliteStore(path, now, { warn }));

/** Opens a store with a new file. */
function openStore() {
  const store = withOperations(createSqliteStore(temporaryFile(), Date.now));
  onTestFinished(() => store.close());
  return store;
}

/** Starts every kind of read, without waiting for any of them. */
const reads = (store: ReturnType<typeof openStore>) => [
  store.find([keyId('id')]),
  store.list('owner', present),
  store.readTotals('owner', today),
  store.check(),
];

const ioError = () => Object.assign(new Error('disk I/O error'), { errcode: 778 });

/**
 * Lets statements without a result fail, such as `COMMIT`. Returns a function that ends this.
 *
 * @param failureOf returns the error of a statement, or undefined if the statement runs.
 */
function failStatements(
  failureOf: (statement: string, database: DatabaseSync) => Error | undefined,
): () => void {
  const execute = vi.spyOn(DatabaseSync.prototype, 'exec');
  execute.mockImplementation(function (this: DatabaseSync, statement) {
    const failure = failureOf(statement, this);
    if (failure) throw failure;
    this.prepare(statement).run();
  });
  const end = () => execute.mockRestore();
  onTestFinished(end);
  return end;
}

const readableFileStore = fileStore as Parameters<typeof describeStoredKeys>[1];

describeKeyStore('SQLite in memory', memoryStore);
describeKeyStore('SQLite in a file', fileStore);
describeStoredKeys('SQLite in a file', readableFileStore);
testAgainstModel('SQLite in memory', memoryStore, 200);
testAgainstModel('SQLite in a file', fileStore, 100);

describe('SQLite in a file', () => {
  test('creates a missing file and folder that only their owner can access', async () => {
    const path = temporaryFile('a folder/keys.db');
    const store = withOperations(createSqliteStore(path, Date.now));
    await store.issue(command());
    await store.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('is opened by two threads at once that both create the missing folders', async () => {
    const path = temporaryFile('folder');
    const module = new URL('../../src/store/sqlite/database.ts', import.meta.url).href;
    const arrived = new Int32Array(new SharedArrayBuffer(4));
    const code = `
      import { parentPort, workerData } from 'node:worker_threads';
      import { openDatabase } from '${module}';
      const { arrived, path } = workerData;
      const failures = [];
      for (let round = 1; round <= 20; round++) {
        Atomics.add(arrived, 0, 1);
        while (Atomics.load(arrived, 0) < 2 * round);
        try {
          openDatabase(\`\${path}/\${round}/\${"a/".repeat(20)}keys.db\`).close();
        } catch (error) {
          // While the other thread creates the tables, the file is locked. The store waits for that.
          if (error.errcode !== 5) failures.push(error.message);
        }
      }
      parentPort.postMessage(failures);`;
    const script = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const threads = [1, 2].map(() => new Worker(script, { workerData: { arrived, path } }));
    const failures = await Promise.all(threads.map((thread) => once(thread, 'message')));
    expect(failures).toEqual([[[]], [[]]]);
  });

  test('reads keys that an earlier store wrote to the same file', async () => {
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

  test('migrates a file of the first version once, including its keys', async () => {
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
    const [found, again] = await Promise.all([one.find([keyId('id')]), other.find([keyId('id')])]);
    expect(found).toMatchObject({
      record: { name: 'name', serial: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(again).toEqual(found);
  });

  test('keeps the usage of a file in which each day and name has a row', async () => {
    const path = temporaryFile();
    const older = new DatabaseSync(path);
    for (const step of migrations.slice(0, versionWithUsageByDay)) older.exec(step);
    const rows: [string, string, string, number][] = [
      ['owner', '2025-08-01', 'one', 1],
      ['owner', '2025-08-31', 'one', 20],
      ['owner', '2025-08-31', "two's", 300],
      ['owner', '2025-08-31', '', 4_000], // Requests of names beyond a daily maximum.
      ['owner', '2025-07-31', '', 50_000],
      ['other', '2025-08-31', 'one', 600_000],
    ];
    for (const [userId, of, name, requests] of rows)
      older
        .prepare('INSERT INTO usage VALUES (?, ?, ?, ?, ?)')
        .run(userId, of, name, requests, Date.UTC(2026, 9, 1) / 1000);
    older.exec(`PRAGMA user_version = ${versionWithUsageByDay}`);
    older.close();

    const store = createSqliteStore(path, Date.now);
    onTestFinished(() => store.close());
    expect(await store.readTotals('owner', today)).toEqual({ day: 4_320, month: 4_321 });
    expect(await store.readTotals('owner', '2025-07-31')).toEqual({ day: 50_000, month: 50_000 });
    expect(await store.readTotals('other', today)).toEqual({ day: 600_000, month: 600_000 });
    const days = ['2025-07-31', '2025-08-01', today];
    const names = ['one', "two's", 'three', ''];
    expect(await withOperations(store).readUsage({ userId: 'owner', days, names })).toEqual([
      { day: '2025-08-01', name: 'one', requests: 1 },
      { day: today, name: 'one', requests: 20 },
      { day: today, name: "two's", requests: 300 },
    ]);
    expect(await store.addUsage(addition({ one: 1 }))).toEqual({ day: 4_321, month: 4_322 });
    expect(readFile(path)['usage']?.[0]).toMatchObject({ remove_at: expect.any(Number) });
  });

  test('opens a file that could not be opened before', async () => {
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

  test('rejects a check within the given time while another process holds the lock', async () => {
    const path = temporaryFile();
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    await store.check();
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    const write = store.issue(command());
    const startedAt = performance.now();
    await expect(store.check(100)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(checkDeadline);
    await expect(store.check()).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(storeDeadline);
    other.exec('ROLLBACK');
    expect(await write).toBe('issued');
  });

  test('rejects a file that is not a database, and does not change it', async () => {
    const path = temporaryFile();
    writeFileSync(path, 'Dear diary, '.repeat(100));
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    await expect(store.issue(command())).rejects.toThrow(StoreUnavailableError);
    expect(readFileSync(path, 'utf8')).toBe('Dear diary, '.repeat(100));
  });

  test('a failed commit rejects writes with OutcomeUnknownError and reads with StoreUnavailableError', async () => {
    const store = openStore();
    await store.check();
    const end = failStatements((statement) => (statement === 'COMMIT' ? ioError() : undefined));
    const write = store.issue(command());
    const started = reads(store);
    await expect(write).rejects.toBeInstanceOf(OutcomeUnknownError);
    for (const one of started) await expect(one).rejects.toBeInstanceOf(StoreUnavailableError);
    end();
    expect((await store.list('owner', present)).keys).toEqual([]);
  });

  test('a write that cannot be committed, as on a full disk, fails no read of the same turn', async () => {
    const store = openStore();
    await store.check();
    const changes = (database: DatabaseSync) =>
      database.prepare('SELECT total_changes() AS changes').get()?.['changes'];
    let before: unknown;
    const end = failStatements((statement, database) => {
      if (statement.startsWith('BEGIN')) before = changes(database);
      return statement === 'COMMIT' && changes(database) !== before
        ? Object.assign(new Error('database or disk is full'), { errcode: 13 })
        : undefined;
    });
    const write = store.issue(command());
    const started = reads(store);
    await expect(write).rejects.toBeInstanceOf(OutcomeUnknownError);
    await Promise.all(started);
    end();
    expect((await store.list('owner', present)).keys).toEqual([]);
  });

  test('a write beside reads has an unknown outcome if its failed transaction cannot be rolled back', async () => {
    const store = openStore();
    await store.check();
    failStatements((statement) =>
      ['COMMIT', 'ROLLBACK'].includes(statement) ? ioError() : undefined,
    );
    const write = store.issue(command());
    const started = reads(store);
    await expect(write).rejects.toBeInstanceOf(OutcomeUnknownError);
    for (const one of started) await expect(one).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  test('rejects calls while a failed transaction cannot be rolled back, and none afterward', async () => {
    const store = openStore();
    await store.check();
    const failing = new Set(['COMMIT', 'ROLLBACK']);
    failStatements((statement) => (failing.has(statement) ? ioError() : undefined));
    await expect(store.issue(command())).rejects.toBeInstanceOf(OutcomeUnknownError);
    failing.delete('COMMIT');
    await expect(store.check()).rejects.toBeInstanceOf(StoreUnavailableError);
    failing.delete('ROLLBACK');
    expect((await store.list('owner', present)).keys).toEqual([]);
    expect(await store.issue(command())).toBe('issued');
  });

  test('a row that does not match its schema fails only the operations that read it', async () => {
    const path = temporaryFile();
    const store = withOperations(createSqliteStore(path, Date.now));
    onTestFinished(() => store.close());
    const { record: damaged } = command({ userId: 'damaged' });
    await store.issue({ ...command(), record: damaged });
    const file = new DatabaseSync(path);
    file.exec(`UPDATE owners SET tier = 'unknown'`);
    file.close();
    const [issued, found, failed, again] = await Promise.allSettled([
      store.issue(command()),
      store.find([keyId('unknown')]),
      store.find([damaged.id]),
      store.issue(command()),
    ]);
    expect(issued).toMatchObject({ value: 'issued' });
    expect(found).toMatchObject({ value: undefined });
    expect(failed).toMatchObject({ reason: { name: 'ZodError' } });
    expect(again).toMatchObject({ value: 'name_taken' });
  });

  test('an operation that breaks a constraint fails alone, and the others keep their order', async () => {
    const store = openStore();
    const { record } = command({ userId: 'other' });
    await store.issue({ ...command(), record });
    const [issued, failed, again] = await Promise.allSettled([
      store.issue(command()),
      store.issue({ ...command({ name: 'second' }), record: { ...record, userId: 'third' } }),
      store.issue(command()),
    ]);
    expect(issued).toMatchObject({ value: 'issued' });
    expect(failed).toMatchObject({ reason: { name: 'StoreUnavailableError' } });
    expect(again).toMatchObject({ value: 'name_taken' });
  });

  test('removes keys past their retention within an hour, and no others', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const path = temporaryFile();
    const store = sweeping(path, () => (present + 31 * day) * 1000 + 999);
    onTestFinished(() => store.close());
    await store.issue(command({ name: 'removed', expiresInDays: 1 }));
    await store.issue(
      command({ name: 'removed a second later', createdAt: present + 1, expiresInDays: 1 }),
    );
    await store.issue(command({ name: 'valid' }));

    vi.advanceTimersByTime(3_600_000);
    await store.check();
    expect(readFile(path)['keys']?.map(({ name }) => name)).toEqual([
      'removed a second later',
      'valid',
    ]);
  });

  test('removes records past their retention soon after a restart, and only in a process that sweeps', async () => {
    const path = temporaryFile();
    const keys = () => readFile(path)['keys']?.length;
    const first = withOperations(createSqliteStore(path, Date.now));
    await first.issue(command({ expiresInDays: 1 }));
    await first.close();
    const later = () => (present + 31 * day) * 1000;
    const operators = withOperations(createSqliteStore(path, later));
    await operators.check();
    await operators.close();
    expect(keys()).toBe(1);
    const restarted = sweeping(path, later);
    await restarted.check();
    await restarted.close();
    expect(keys()).toBe(0);
  });

  test('reports a sweep that fails, with its cause', async () => {
    const path = temporaryFile();
    await withOperations(createSqliteStore(path, Date.now)).check();
    const file = new DatabaseSync(path);
    file.exec(`CREATE TRIGGER protect BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'no'); END`);
    file.close();
    const failures: unknown[] = [];
    const store = sweeping(
      path,
      () => (present + 3_000 * day) * 1000,
      (error) => failures.push(error),
    );
    await store.issue(command());
    await store.close();
    expect(failures).toEqual([expect.any(StoreUnavailableError)]);
    expect((failures[0] as Error).cause).toMatchObject({ message: 'no' });
  });

  test('removes usage 13 months after its month, within a day', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const path = temporaryFile();
    let now = Date.UTC(2025, 8, 1, 23, 59, 59, 999);
    const store = sweeping(path, () => now);
    onTestFinished(() => store.close());
    await store.addUsage(addition({ name: 1 }, { day: '2025-08-31' }));
    await store.addUsage(addition({ name: 1 }, { day: '2025-09-01' }));
    const leftAt = async (milliseconds: number) => {
      now = milliseconds;
      vi.advanceTimersByTime(3_600_000);
      await store.check();
      return readFile(path)['usage']?.map((row) => row['month']);
    };
    const deleted = usageDeleteAfter('owner', '2025-08-31') * 1000;
    expect(deleted - Date.UTC(2026, 9, 1)).toBeLessThan(day * 1000);
    expect(await leftAt(deleted - 1)).toEqual(['2025-08', '2025-09']);
    expect(await leftAt(deleted)).toEqual(['2025-09']);
  });
});
