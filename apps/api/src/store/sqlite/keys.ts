import type { DatabaseSync } from 'node:sqlite';
import type { KeyRecord } from '@andamio/keys/model';
import { listedExpiredKeys, type PageQuery } from '@andamio/keys/store';
import * as z from 'zod';
import { keyFields, keyRecordFrom, storedKey } from '../key-record.ts';
import { prepare } from './statement.ts';

const keyColumns =
  'user_id, name, id, serial, start, created_at, expires_at, expires_in_days, pepper_version, remove_at';

const keyRow = z.object({ id: z.string(), ...keyFields(z.number()) });

/** Parses a row of one of the key tables. */
export function parseKey(row: unknown): KeyRecord {
  const { id, ...stored } = keyRow.parse(row);
  return keyRecordFrom(id, stored);
}

/**
 * Prepares the statements for a key table. Current keys and previous secrets have separate tables
 * with the same columns. Each table has at most one row per name.
 */
export function keyTable(database: DatabaseSync, table: 'keys' | 'superseded_keys') {
  const find = prepare(
    database,
    `SELECT ${keyColumns} FROM ${table} WHERE user_id = :userId AND name = :name`,
  );
  const list = prepare(database, `SELECT ${keyColumns} FROM ${table} WHERE user_id = :userId`);
  const put = prepare(
    database,
    `
    INSERT INTO ${table} (${keyColumns})
    VALUES (:user_id, :name, :id, :serial, :start, :created_at, :expires_at, :expires_in_days, :pepper_version, :remove_at)
    ON CONFLICT (user_id, name) DO UPDATE SET
      id = excluded.id, serial = excluded.serial, start = excluded.start, created_at = excluded.created_at,
      expires_at = excluded.expires_at, expires_in_days = excluded.expires_in_days,
      pepper_version = excluded.pepper_version, remove_at = excluded.remove_at`,
  );
  const remove = prepare(database, `DELETE FROM ${table} WHERE user_id = :userId AND name = :name`);
  const sweep = prepare(database, `DELETE FROM ${table} WHERE remove_at <= :now`);
  return {
    find(userId: string, name: string): KeyRecord | undefined {
      const row = find.get({ userId, name });
      return row && parseKey(row);
    },
    list: (userId: string) => list.all({ userId }).map(parseKey),
    put: (record: KeyRecord) => put.run({ id: record.id, ...storedKey(record) }),
    remove: (userId: string, name: string) => remove.run({ userId, name }),
    /** Deletes the keys whose retention has passed. */
    sweep: (now: number) => sweep.run({ now }),
  };
}

/** Prepares the statements for the table of current keys. */
export function currentKeys(database: DatabaseSync) {
  const count = prepare(
    database,
    'SELECT count(*) AS keys FROM keys WHERE user_id = :userId AND expires_at > :now',
  );
  const list = prepare(
    database,
    `
    SELECT ${keyColumns} FROM keys WHERE user_id = :userId AND expires_at > :now
    UNION ALL SELECT * FROM (
      SELECT ${keyColumns} FROM keys WHERE user_id = :userId AND expires_at <= :now
      ORDER BY expires_at DESC LIMIT :maximumExpired)`,
  );
  const listFrom = prepare(
    database,
    `
    SELECT ${keyColumns} FROM keys
    WHERE user_id = :userId AND name >= :from AND (:isIncluded OR name <> :from)
    ORDER BY name LIMIT :maximum`,
  );
  return {
    ...keyTable(database, 'keys'),
    /** Returns the keys of a page, in the order of their names. */
    listFrom: ({ userId, from, maximum }: PageQuery) =>
      listFrom
        .all({ userId, from: from?.name ?? '', isIncluded: from?.isIncluded ? 1 : 0, maximum })
        .map(parseKey),
    /** Counts an owner's keys that expire after `now`, in Unix seconds. */
    countUnexpired: (userId: string, now: number) => Number(count.get({ userId, now })?.['keys']),
    /** Returns an owner's unexpired keys and the most recently expired keys. */
    listNewest: (userId: string, now: number) =>
      list.all({ userId, now, maximumExpired: listedExpiredKeys }).map(parseKey),
  };
}
