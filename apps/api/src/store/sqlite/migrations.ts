import type { DatabaseSync } from 'node:sqlite';
import { nameField } from '@andamio/keys/usage/month';

/**
 * The migrations of the schema, in order. Each migration runs once. Its SQL may use the function
 * `name_field`. Key ids, names and user ids are compared byte by byte, as everywhere in this
 * service. The keys of an owner are stored next to each other, so that finding a name and counting
 * keys read few pages.
 */
export const migrations = [
  `
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
  `,
  `
  ALTER TABLE keys ADD COLUMN serial TEXT NOT NULL DEFAULT '';
  UPDATE keys SET serial = lower(hex(randomblob(16)));
  `,
  `
  CREATE TABLE audit (
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    action TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT,
    key_id TEXT,
    remove_at INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX audit_by_user ON audit (user_id);
  CREATE INDEX audit_by_removal ON audit (remove_at);
  `,
  `
  CREATE TABLE superseded_keys (
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    start TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    expires_in_days INTEGER NOT NULL,
    pepper_version TEXT NOT NULL,
    remove_at INTEGER NOT NULL,
    serial TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE UNIQUE INDEX superseded_keys_by_id ON superseded_keys (id);
  CREATE INDEX superseded_keys_by_removal ON superseded_keys (remove_at);
  `,
  `
  CREATE TABLE idempotency (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    nonce TEXT NOT NULL,
    pepper_version TEXT NOT NULL,
    serial TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    expires_in_days INTEGER NOT NULL,
    previous_expires_at INTEGER,
    remove_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX idempotency_by_user ON idempotency (user_id);
  CREATE INDEX idempotency_by_removal ON idempotency (remove_at);
  `,
  `
  CREATE TABLE owners_with_suspension (
    user_id TEXT PRIMARY KEY,
    created_at INTEGER,
    tier TEXT NOT NULL,
    tier_issued_at INTEGER NOT NULL,
    suspended INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  INSERT INTO owners_with_suspension SELECT *, 0 FROM owners;
  DROP TABLE owners;
  ALTER TABLE owners_with_suspension RENAME TO owners;

  ALTER TABLE audit ADD COLUMN reason TEXT;
  `,
  `
  CREATE TABLE usage (
    user_id TEXT NOT NULL,
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    requests INTEGER NOT NULL,
    remove_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, day, name)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX usage_by_removal ON usage (remove_at);

  CREATE TABLE usage_attempts (
    attempt TEXT PRIMARY KEY,
    remove_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX usage_attempts_by_removal ON usage_attempts (remove_at);
  `,
  `
  ALTER TABLE owners ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE INDEX audit_of_revoked_keys ON audit (key_id) WHERE action = 'key.revoked';
  `,
  `
  CREATE INDEX keys_by_expiry ON keys (user_id, expires_at);
  `,
  // The maps of a month are JSON objects. Earlier versions counted requests of names beyond a daily
  // maximum under an empty name.
  `
  CREATE TABLE usage_by_month (
    user_id TEXT NOT NULL,
    month TEXT NOT NULL,
    total INTEGER NOT NULL,
    days TEXT NOT NULL,
    names TEXT NOT NULL,
    instances TEXT NOT NULL,
    forgotten INTEGER NOT NULL,
    remove_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, month)
  ) STRICT;

  WITH
    by_day AS (
      SELECT user_id, substr(day, 1, 7) AS month, substr(day, 9) AS day, sum(requests) AS requests,
        max(remove_at) AS remove_at
      FROM usage GROUP BY user_id, usage.day
    ),
    by_name AS (
      SELECT user_id, substr(day, 1, 7) AS month, name_field(name) AS name,
        json_group_object(substr(day, 9), requests) AS days
      FROM usage WHERE name <> '' GROUP BY user_id, substr(day, 1, 7), usage.name
    ),
    named AS (
      SELECT user_id, month, json_group_object(name, json(days)) AS names
      FROM by_name GROUP BY user_id, month
    )
  INSERT INTO usage_by_month (user_id, month, total, days, names, instances, forgotten, remove_at)
  SELECT user_id, month, sum(requests), json_group_object(day, requests), coalesce(names, '{}'),
    '{}', 0, max(remove_at)
  FROM by_day LEFT JOIN named USING (user_id, month) GROUP BY user_id, month;

  DROP TABLE usage;
  DROP TABLE usage_attempts;
  ALTER TABLE usage_by_month RENAME TO usage;
  CREATE INDEX usage_by_removal ON usage (remove_at);
  `,
  `
  ALTER TABLE usage ADD COLUMN last_uses TEXT NOT NULL DEFAULT '{}';
  `,
  `
  CREATE TABLE device_logins (
    id TEXT PRIMARY KEY,
    code_digest TEXT NOT NULL,
    name TEXT NOT NULL,
    expires_in_days INTEGER NOT NULL,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    user_id TEXT,
    state TEXT NOT NULL,
    tier TEXT,
    tier_issued_at INTEGER,
    remove_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX device_logins_by_user ON device_logins (user_id);
  CREATE INDEX device_logins_by_removal ON device_logins (remove_at);
  `,
] as const;

const versionOf = (database: DatabaseSync) =>
  (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

/**
 * Returns what a database contains: nothing, the tables of this service, the tables of a newer
 * version of this service, or the tables of another program. The first version of the schema did
 * not set `user_version`, so it is recognized by the name of a table.
 */
export function contentOf(
  database: DatabaseSync,
): 'nothing' | 'store' | 'newer_store' | 'foreign_tables' {
  const version = versionOf(database);
  if (version > 0) return version > migrations.length ? 'newer_store' : 'store';
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  if (tables.length === 0) return 'nothing';
  return tables.some(({ name }) => name === 'owners') ? 'store' : 'foreign_tables';
}

/**
 * Rejects a file that the service must not use. Called before anything in the file is changed.
 *
 * @throws if a newer version of the service has written the file, or if the file contains the
 *   tables of another program.
 */
export function assertOwnTables(database: DatabaseSync): void {
  const content = contentOf(database);
  if (content === 'newer_store')
    throw new Error('A newer version of this service has written the file.');
  if (content === 'foreign_tables')
    throw new Error('The file contains the tables of another program.');
}

/** Migrates a file of any earlier version to the current schema, atomically. */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === migrations.length) return;
  database.function('name_field', { deterministic: true }, (name) => nameField(String(name)));
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(versionOf(database))) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}; COMMIT;`);
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}
