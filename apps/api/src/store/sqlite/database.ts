import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The tables. Digests, names and user ids are compared byte by byte, as everywhere in this service. An owner's keys lie side
 * by side, so that looking for a name and counting touch few pages.
 */
const tables = `
  CREATE TABLE IF NOT EXISTS owners (
    user_id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    tier TEXT NOT NULL,
    tier_issued_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS keys (
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    start TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    expires_in_days INTEGER NOT NULL,
    pepper_version TEXT NOT NULL,
    remove_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE UNIQUE INDEX IF NOT EXISTS keys_by_id ON keys (id);
  CREATE INDEX IF NOT EXISTS keys_by_removal ON keys (remove_at);
`;

/**
 * Opens the database and makes its tables where they are missing.
 *
 * A commit is in the write-ahead log before it is answered, so that it outlives a killed process. With `synchronous` at
 * NORMAL it may not outlive a power failure: this store is for trying, development and tests.
 *
 * @param path a file, made with its folder if need be, or `:memory:`.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600)); // SQLite itself would make a file that everybody can read.
  }
  // A timeout of the library's own would wait for another process's lock with the event loop held.
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;');
    database.exec(tables);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
