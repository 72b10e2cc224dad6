import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assertOwnTables, contentOf, migrate } from './migrations.ts';

/**
 * Creates a folder and its parents. Node's own `recursive` option never returns if the system
 * answers ENOENT although the parent exists, as in `/proc`.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have created the folder meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Opens the database, and creates or migrates its tables.
 *
 * A commit is in the write-ahead log before it is acknowledged, so it survives if the process is
 * killed. With `synchronous` at NORMAL it may not survive a power failure, which is acceptable for
 * evaluation, development and tests.
 *
 * @param path a file, which is created with its folder if needed, or `:memory:`.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') {
    makeFolder(dirname(resolve(path)));
    // SQLite itself would create a file that every user can read.
    closeSync(openSync(path, 'a', 0o600));
  }
  // The library's own timeout would block the event loop while another process holds the lock.
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    assertOwnTables(database);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;',
    );
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Reports whether a SQLite file contains the tables of any version of this service. Does not change
 * the file.
 */
export function isStore(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return ['store', 'newer_store'].includes(contentOf(database));
  } finally {
    database.close();
  }
}
