import type { DatabaseSync } from 'node:sqlite';
import type { Administration } from '../../keys/administration.ts';
import type { KeyStore } from '../../keys/store.ts';
import { countKeys, countOwners } from './counts.ts';
import { openDatabase } from './database.ts';
import { erase } from './erase.ts';
import { GroupCommit } from './group-commit.ts';
import { inspect } from './inspect.ts';
import { claimTier, findById, issue, list, remove, roll, rotate } from './keys.ts';
import { redigest } from './redigest.ts';
import { revoke, revokeAll } from './revoke.ts';
import { prepare, type Statements } from './statements.ts';
import { resume, suspend } from './suspend.ts';
import { addUsage, readUsage } from './usage.ts';

/** How often records that are gone are removed, in milliseconds. */
const sweepInterval = 3_600_000;

const sweeps = [
  'sweepKeys',
  'sweepSuperseded',
  'sweepMemories',
  'sweepAudit',
  'sweepUsage',
  'sweepUsageAttempts',
] as const satisfies (keyof Statements)[];

/**
 * Keeps keys in an embedded database (`node:sqlite`), for trying, development and tests. Several processes may share its
 * file. A file that cannot be opened is tried again at the next call.
 *
 * @param path a file, or `:memory:`.
 * @param now the present in Unix milliseconds, by which records that are gone are swept.
 */
export function createSqliteStore(path: string, now: () => number): KeyStore & Administration {
  let opened: { readonly database: DatabaseSync; readonly statements: Statements } | undefined;

  function open() {
    if (opened === undefined) {
      const database = openDatabase(path);
      opened = { database, statements: prepare(database) };
    }
    return opened;
  }

  const commits = new GroupCommit(() => open().database);
  const sweep = () => {
    const present = Math.floor(now() / 1000);
    const removeAll = () => {
      for (const name of sweeps) open().statements[name].run(present);
    };
    commits.run(removeAll).catch(() => {});
  };
  const sweeping = setInterval(sweep, sweepInterval).unref();

  return {
    issue: (command) => commits.run(() => issue(open().statements, command)),

    rotate: (command) => commits.run(() => rotate(open().statements, command)),

    roll: (command) => commits.run(() => roll(open().statements, command)),

    delete: (command) => commits.run(() => remove(open().statements, command)),

    revoke: (command) => commits.run(() => revoke(open().statements, command)),

    redigest: (command) => commits.run(() => redigest(open().statements, command)),

    suspend: (command) => commits.run(() => suspend(open().statements, command)),

    resume: (command) => commits.run(() => resume(open().statements, command)),

    revokeAll: (command) => commits.run(() => revokeAll(open().statements, command)),

    erase: (command) => commits.run((database) => erase(database, open().statements, command)),

    inspect: (userId) => commits.run(() => inspect(open().statements, userId)),

    countOwners: () => commits.run(() => countOwners(open().statements)),

    countKeys: (now) => commits.run(() => countKeys(open().statements, now)),

    find: (ids) => commits.run(() => findById(open().statements, ids)),

    list: (userId) => commits.run(() => list(open().statements, userId)),

    claimTier: (command) => commits.run(() => claimTier(open().statements, command)),
    addUsage: (command) => commits.run(() => addUsage(open().statements, command)),

    readUsage: (query) => commits.run(() => readUsage(open().statements, query)),

    check: () => commits.run(() => undefined),

    async close() {
      clearInterval(sweeping);
      await commits.settled();
      opened?.database.close();
      opened = undefined;
    },
  };
}
