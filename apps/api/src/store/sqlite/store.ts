import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Administration } from '../../keys/administration.ts';
import type { KeyStore } from '../../keys/store.ts';
import { readAudit } from './audit.ts';
import { countKeys, countOwners } from './counts.ts';
import { openDatabase } from './database.ts';
import { erase } from './erase.ts';
import { GroupCommit } from './group-commit.ts';
import { inspect, listOwners } from './inspect.ts';
import { claimTier, findById, issue, list, remove, roll, rotate } from './keys.ts';
import { redigest } from './redigest.ts';
import { revoke, revokeAll, wasRevoked } from './revoke.ts';
import { prepare, type Statements } from './statements.ts';
import { resume, suspend } from './suspend.ts';
import { addUsage, readUsage, resetUsage } from './usage.ts';

/** How many owners are read at a time. */
const ownersPerPage = 1_000;

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

  function openFile() {
    try {
      return openDatabase(path);
    } catch (cause) {
      const { errcode, message } = cause as { errcode?: number; message: string };
      // A lock keeps its code: it is waited for.
      throw Object.assign(new Error(`${resolve(path)} cannot be opened. ${message}`, { cause }), { errcode });
    }
  }

  function open() {
    if (opened === undefined) {
      const database = openFile();
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
    commits.write(removeAll).catch(() => {});
  };
  const sweeping = setInterval(sweep, sweepInterval).unref();

  return {
    issue: (command) => commits.write(() => issue(open().statements, command)),

    rotate: (command) => commits.write(() => rotate(open().statements, command)),

    roll: (command) => commits.write(() => roll(open().statements, command)),

    delete: (command) => commits.write(() => remove(open().statements, command)),

    revoke: (command) => commits.write(() => revoke(open().statements, command)),

    wasRevoked: (ids) => commits.read(() => wasRevoked(open().statements, ids)),

    redigest: (command) => commits.write(() => redigest(open().statements, command)),

    suspend: (command) => commits.write(() => suspend(open().statements, command)),

    resume: (command) => commits.write(() => resume(open().statements, command)),

    revokeAll: (command) => commits.write(() => revokeAll(open().statements, command)),

    erase: (command) => commits.write((database) => erase(database, open().statements, command)),

    inspect: (userId) => commits.read(() => inspect(open().statements, userId)),

    async *owners() {
      let after = '';
      for (;;) {
        const page = await commits.read(() => listOwners(open().statements, after, ownersPerPage));
        yield page;
        const last = page.at(-1);
        if (last === undefined || page.length < ownersPerPage) return;
        after = last.userId;
      }
    },

    readAudit: (userId) => commits.read(() => readAudit(open().statements, userId)),

    resetUsage: (command) => commits.write(() => resetUsage(open().statements, command)),

    countOwners: () => commits.read(() => countOwners(open().statements)),

    countKeys: (now) => commits.read(() => countKeys(open().statements, now)),

    find: (ids) => commits.read(() => findById(open().statements, ids)),

    list: (userId, now) => commits.read(() => list(open().statements, userId, now)),

    claimTier: (command) => commits.write(() => claimTier(open().statements, command)),

    // Without counts, totals are only read.
    addUsage: (command) =>
      commits[command.counts.size === 0 ? 'read' : 'write'](() => addUsage(open().statements, command)),

    readUsage: (query) => commits.read(() => readUsage(open().statements, query)),

    check: () => commits.read(() => undefined),

    async close() {
      clearInterval(sweeping);
      await commits.settled();
      opened?.database.close();
      opened = undefined;
    },
  };
}
