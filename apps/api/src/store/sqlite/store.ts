import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IssueCommand, IssueOutcome, KeyStore } from '../../keys/store.ts';
import { openDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';

/** How often records that are gone are removed, in milliseconds. */
const sweepInterval = 3_600_000;

interface Statements {
  readonly sweep: StatementSync;
  readonly sweepName: StatementSync;
  readonly findName: StatementSync;
  readonly countKeys: StatementSync;
  readonly insertKey: StatementSync;
  readonly upsertOwner: StatementSync;
}

function prepare(database: DatabaseSync): Statements {
  return {
    sweep: database.prepare('DELETE FROM keys WHERE remove_at <= ?'),
    sweepName: database.prepare('DELETE FROM keys WHERE user_id = ? AND name = ? AND remove_at <= ?'),
    findName: database.prepare('SELECT 1 FROM keys WHERE user_id = ? AND name = ?'),
    countKeys: database.prepare(
      'SELECT count(*) AS held FROM (SELECT 1 FROM keys WHERE user_id = ? AND expires_at > ? LIMIT ?)',
    ),
    insertKey: database.prepare('INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    upsertOwner: database.prepare(
      `INSERT INTO owners VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE
       SET tier = excluded.tier, tier_issued_at = excluded.tier_issued_at
       WHERE excluded.tier_issued_at > tier_issued_at`,
    ),
  };
}

function issue(statements: Statements, { record, tierClaim, maximumKeys }: IssueCommand): IssueOutcome {
  const { userId, name, createdAt } = record;
  statements.sweepName.run(userId, name, createdAt);
  if (statements.findName.get(userId, name) !== undefined) return 'name_taken';
  const { held } = statements.countKeys.get(userId, createdAt, maximumKeys) as { held: number };
  if (held >= maximumKeys) return 'key_limit_reached';

  statements.insertKey.run(
    userId,
    name,
    record.id,
    record.start,
    createdAt,
    record.expiresAt,
    record.expiresInDays,
    record.pepperVersion,
    record.removeAt,
  );
  statements.upsertOwner.run(userId, createdAt, tierClaim.tier, tierClaim.issuedAt);
  return 'issued';
}

/**
 * Keeps keys in an embedded database (`node:sqlite`), for trying, development and tests. Several processes may share its
 * file. A file that cannot be opened is tried again at the next call.
 *
 * @param path a file, or `:memory:`.
 * @param now the present in Unix milliseconds, by which records that are gone are swept.
 */
export function createSqliteStore(path: string, now: () => number): KeyStore {
  let opened: { readonly database: DatabaseSync; readonly statements: Statements } | undefined;

  function open() {
    if (opened === undefined) {
      const database = openDatabase(path);
      opened = { database, statements: prepare(database) };
    }
    return opened;
  }

  const commits = new GroupCommit(() => open().database);
  const sweep = () => void commits.run(() => open().statements.sweep.run(Math.floor(now() / 1000))).catch(() => {});
  const sweeping = setInterval(sweep, sweepInterval).unref();

  return {
    issue: (command) => commits.run(() => issue(open().statements, command)),

    check: () => commits.run(() => undefined),

    async close() {
      clearInterval(sweeping);
      await commits.settled();
      opened?.database.close();
      opened = undefined;
    },
  };
}
