import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyRecord } from '../../keys/store.ts';

/** What the store says to its database, prepared once. */
export type Statements = Readonly<Record<keyof typeof sources, StatementSync>>;

const sources = {
  sweepKeys: 'DELETE FROM keys WHERE remove_at <= ?',
  sweepSuperseded: 'DELETE FROM superseded_keys WHERE remove_at <= ?',
  sweepMemories: 'DELETE FROM idempotency WHERE remove_at <= ?',
  findMemory: 'SELECT * FROM idempotency WHERE id = ?',
  putMemory: 'INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  sweepAudit: 'DELETE FROM audit WHERE remove_at <= ?',
  sweepUsage: 'DELETE FROM usage WHERE remove_at <= ?',
  sweepUsageAttempts: 'DELETE FROM usage_attempts WHERE remove_at <= ?',
  sweepName: 'DELETE FROM keys WHERE user_id = ? AND name = ? AND remove_at <= ?',
  findName: 'SELECT * FROM keys WHERE user_id = ? AND name = ?',
  countKeys: 'SELECT count(*) AS held FROM (SELECT 1 FROM keys WHERE user_id = ? AND expires_at > ? LIMIT ?)',
  insertKey: 'INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  findKey: `SELECT found.*, tier, suspended FROM (
      SELECT keys.* FROM json_each(?1) AS wanted JOIN keys ON keys.id = wanted.value
      UNION ALL
      SELECT superseded_keys.* FROM json_each(?1) AS wanted JOIN superseded_keys ON superseded_keys.id = wanted.value
    ) AS found JOIN owners USING (user_id)`,
  renewKey: `UPDATE keys SET id = ?, serial = ?, start = ?, pepper_version = ?, created_at = ?
    WHERE user_id = ? AND name = ?`,
  supersede: `INSERT INTO superseded_keys
    SELECT user_id, name, id, start, created_at, ?1, expires_in_days, pepper_version, ?1, serial
    FROM keys WHERE user_id = ?2 AND name = ?3`,
  findSuperseded: 'SELECT * FROM superseded_keys WHERE user_id = ? AND name = ?',
  deleteKeys: 'DELETE FROM keys WHERE user_id = ?',
  deleteAllSuperseded: 'DELETE FROM superseded_keys WHERE user_id = ?',
  listSuperseded: 'SELECT * FROM superseded_keys WHERE user_id = ?',
  restore: `INSERT INTO keys
    SELECT user_id, name, id, start, created_at, expires_at, expires_in_days, pepper_version, ?1, serial
    FROM superseded_keys WHERE user_id = ?2 AND name = ?3`,
  redigestKey: `UPDATE keys SET id = ?, pepper_version = ? WHERE id = ? AND remove_at > ? RETURNING user_id, name`,
  redigestSuperseded: `UPDATE superseded_keys SET id = ?, pepper_version = ? WHERE id = ? AND remove_at > ?
    RETURNING user_id, name`,
  deleteSuperseded: 'DELETE FROM superseded_keys WHERE user_id = ? AND name = ? RETURNING id',
  extendKey: 'UPDATE keys SET expires_at = ?, expires_in_days = ?, remove_at = ? WHERE user_id = ? AND name = ?',
  insertAudit: 'INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  findRevocation: `SELECT 1 FROM audit
    WHERE action = 'key.revoked' AND key_id IN (SELECT value FROM json_each(?)) LIMIT 1`,
  deleteKey: 'DELETE FROM keys WHERE user_id = ? AND name = ?',
  listKeys: 'SELECT * FROM keys WHERE user_id = ?',
  listHeld: `SELECT * FROM keys WHERE user_id = ?1 AND expires_at > ?2
    UNION ALL SELECT * FROM (
      SELECT * FROM keys WHERE user_id = ?1 AND expires_at <= ?2 ORDER BY expires_at DESC LIMIT ?3)`,
  findOwner: 'SELECT * FROM owners WHERE user_id = ?',
  listOwners: 'SELECT * FROM owners WHERE user_id > ? ORDER BY user_id LIMIT ?',
  listAudit: 'SELECT * FROM audit WHERE user_id IN (?, ?) ORDER BY at DESC, rowid DESC',
  claimTier: 'UPDATE owners SET tier = ?, tier_issued_at = ? WHERE user_id = ? AND tier_issued_at <= ?',
  upsertOwner: `INSERT INTO owners VALUES (?1, ?2, ?3, ?4, 0, ?2) ON CONFLICT (user_id) DO UPDATE
    SET created_at = coalesce(created_at, excluded.created_at),
      changed_at = max(changed_at, excluded.changed_at)`,
  setSuspended: `INSERT INTO owners VALUES (?1, NULL, ?2, -1, ?3, 0) ON CONFLICT (user_id) DO UPDATE SET suspended = ?3`,
  countOwners: 'SELECT tier, count(*) AS owners, sum(suspended) AS suspended FROM owners GROUP BY tier',
  countByPepper: `SELECT pepper_version, sum(expires_at > ?1) AS active, sum(expires_at <= ?1) AS expired, 0 AS superseded
      FROM keys WHERE remove_at > ?1 GROUP BY pepper_version
    UNION ALL SELECT pepper_version, 0, 0, count(*)
      FROM superseded_keys WHERE expires_at > ?1 GROUP BY pepper_version`,
  listUnexpired: `SELECT id FROM keys WHERE user_id = ?1 AND expires_at > ?2
    UNION ALL SELECT id FROM superseded_keys WHERE user_id = ?1 AND expires_at > ?2`,
  insertUsageAttempt: 'INSERT OR IGNORE INTO usage_attempts VALUES (?, ?)',
  countUsageNames: 'SELECT count(*) AS names FROM usage WHERE user_id = ? AND day = ?',
  increaseUsage: 'UPDATE usage SET requests = requests + ? WHERE user_id = ? AND day = ? AND name = ?',
  insertUsage: `INSERT INTO usage VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (user_id, day, name) DO UPDATE SET requests = requests + excluded.requests`,
  usageTotals: `SELECT coalesce(sum(requests) FILTER (WHERE day = ?2), 0) AS day, coalesce(sum(requests), 0) AS month
    FROM usage WHERE user_id = ?1 AND day BETWEEN ?3 || '-01' AND ?3 || '-31'`,
  removeUsage: `DELETE FROM usage WHERE user_id = ?1 AND day BETWEEN ?2 || '-01' AND ?2 || '-31'`,
  readUsage: `SELECT day, name, requests FROM usage
    WHERE user_id = ?1 AND day IN (SELECT value FROM json_each(?2)) AND name IN (SELECT value FROM json_each(?3))`,
} as const;

export function prepare(database: DatabaseSync): Statements {
  const prepared = Object.entries(sources).map(([name, source]) => [name, database.prepare(source)]);
  return Object.fromEntries(prepared) as Statements;
}

/** A row of the table of keys. Its columns are STRICT: what is in them has the type that they say. */
interface KeyRow {
  readonly user_id: string;
  readonly name: string;
  readonly id: string;
  readonly start: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly expires_in_days: number;
  readonly pepper_version: string;
  readonly remove_at: number;
  readonly serial: string;
}

/** Reads what a statement found as a key. */
export function keyOf(row: unknown): KeyRecord {
  const key = row as KeyRow;
  return {
    id: key.id,
    serial: key.serial,
    userId: key.user_id,
    name: key.name,
    start: key.start,
    createdAt: key.created_at,
    expiresAt: key.expires_at,
    expiresInDays: key.expires_in_days,
    pepperVersion: key.pepper_version,
    removeAt: key.remove_at,
  };
}
