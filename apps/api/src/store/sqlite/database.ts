import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assertOwnTables, contentOf, migrate } from './migrations.ts';

/**
 * Creates a folder and those above it. Node's own `recursive` never returns where the system
 * answers ENOENT although the folder above exists, as in `/proc`.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Opens the database and makes or renews its tables.
 *
 * A commit is in the write-ahead log before it is answered, so that it outlives a killed process.
 * With `synchronous` at NORMAL it may not outlive a power failure: this store is for trying,
 * development and tests.
 *
 * @param path a file, made with its folder if need be, or `:memory:`.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') {
    makeFolder(dirname(resolve(path)));
    closeSync(openSync(path, 'a', 0o600)); // SQLite itself would make a file that everybody can read.
  }
  // A timeout of the library's own would wait for another process's lock with the event loop held.
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    assertOwnTables(database);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;');
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Returns whether a SQLite file holds the tables of this service, of any version. Changes nothing.
 */
export function isStore(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return ['store', 'newer_store'].includes(contentOf(database));
  } finally {
    database.close();
  }
}
