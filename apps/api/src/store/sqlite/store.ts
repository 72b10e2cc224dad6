import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Administration } from '@andamio/keys/administration';
import { checkDeadline, type KeyStore } from '@andamio/keys/store';
import { inspect, resetUsage } from './administration.ts';
import { openDatabase } from './database.ts';
import { erase } from './erase.ts';
import { GroupCommit } from './group-commit.ts';
import { prepareTables, type Tables } from './tables.ts';
import { applyChanges, SqliteView } from './transaction.ts';

/** Number of owners in a page. */
const ownersPerPage = 1_000;

/** Milliseconds between sweeps, which delete the records whose retention has passed. */
const sweepInterval = 3_600_000;

/** The sweeps of a store. Only the service sweeps, not the commands of operators. */
export interface Sweeps {
  /** Reports a sweep that failed. The next one follows an hour later. */
  readonly warn: (error: unknown) => void;
}

/**
 * Creates a store in an embedded database (`node:sqlite`), for evaluation, development and tests.
 * Several processes may share the file. If the file cannot be opened, the next call tries again.
 *
 * @param path a file, or `:memory:`.
 * @param now returns the current time in Unix milliseconds. Sweeps use it.
 * @param sweeps if given, records whose retention has passed are deleted after the first call and
 *   every hour.
 */
export function createSqliteStore(
  path: string,
  now: () => number,
  sweeps?: Sweeps,
): KeyStore & Administration {
  let opened: { readonly database: DatabaseSync; readonly tables: Tables } | undefined;

  function openFile() {
    try {
      return openDatabase(path);
    } catch (cause) {
      const { errcode, message } = cause as { errcode?: number; message: string };
      // Keeps the error code, so that a lock is recognized and waited for.
      throw Object.assign(new Error(`${resolve(path)} cannot be opened. ${message}`, { cause }), {
        errcode,
      });
    }
  }

  function open() {
    if (opened === undefined) {
      const database = openFile();
      opened = { database, tables: prepareTables(database) };
      sweep(); // It waits for the call that opens the database.
    }
    return opened;
  }

  const commits = new GroupCommit(() => open().database);
  const tables = () => open().tables;
  function sweep(): void {
    if (sweeps === undefined) return;
    const nowSeconds = Math.floor(now() / 1000);
    const removeAll = () => {
      const { keys, previousKeys, idempotency, deviceLogins, audit, usage } = tables();
      for (const table of [keys, previousKeys, idempotency, deviceLogins, audit, usage])
        table.sweep(nowSeconds);
    };
    commits.write(removeAll).catch(sweeps.warn);
  }
  const sweeping = sweeps && setInterval(sweep, sweepInterval).unref();

  return {
    transact: (scope, decide) =>
      commits.write(() => {
        const view = new SqliteView(tables(), scope);
        const { outcome, changes } = decide(view);
        applyChanges(tables(), view, scope.now, changes);
        return outcome;
      }),

    findDeviceLogin: (ids) => commits.read(() => tables().deviceLogins.find(ids)),

    deviceLoginsOf: (userId) => commits.read(() => tables().deviceLogins.ofUser(userId)),

    transactDeviceLogin: (ids, decide) =>
      commits.write(() => {
        const { deviceLogins, audit } = tables();
        const { outcome, login, entry } = decide(deviceLogins.find(ids));
        if (login !== undefined) deviceLogins.put(login);
        if (entry !== undefined) audit.append(entry);
        return outcome;
      }),

    wasRevoked: (ids) => commits.read(() => tables().audit.hasRevocation(ids)),

    find: (ids) => commits.read(() => tables().find(ids)),

    list: (userId, now) =>
      commits.read(() => {
        const { owners, keys } = tables();
        const owner = owners.find(userId)?.record;
        return {
          since: owner?.createdAt,
          tierClaim: owner?.tierClaim,
          keys: keys.listNewest(userId, now),
        };
      }),

    readTierClaim: (userId) => commits.read(() => tables().owners.find(userId)?.record.tierClaim),

    page: (query) =>
      commits.read(() => {
        const { owners, keys, previousKeys } = tables();
        const names = keys.listFrom(query).map((current) => ({
          name: current.name,
          current,
          previous: previousKeys.find(query.userId, current.name),
        }));
        return { tierClaim: owners.find(query.userId)?.record.tierClaim, names };
      }),

    erase: (command) => commits.write((database) => erase(database, tables(), command)),

    inspect: (userId) => commits.read(() => inspect(tables(), userId)),

    async *owners() {
      let after = '';
      for (;;) {
        const page = await commits.read(() => tables().owners.listAfter(after, ownersPerPage));
        yield page;
        const last = page.at(-1);
        if (last === undefined || page.length < ownersPerPage) return;
        after = last.userId;
      }
    },

    readAudit: (userId) => commits.read(() => tables().audit.list(userId)),

    resetUsage: (command) => commits.write(() => resetUsage(tables(), command)),

    countOwners: () => commits.read(() => tables().owners.count()),

    countKeys: (now) => commits.read(() => tables().countKeys(now)),

    addUsage: (command) =>
      commits.write(() => {
        const { usage, audit } = tables();
        return usage.add(command, audit.erasedUpTo(command.userId));
      }),

    readTotals: (userId, day) => commits.read(() => tables().usage.readTotals(userId, day)),

    readActivity: (query) => commits.read(() => tables().usage.readActivity(query)),

    check: (milliseconds = checkDeadline) => commits.read(() => undefined, milliseconds),

    async close() {
      clearInterval(sweeping);
      await commits.settled();
      opened?.database.close();
      opened = undefined;
    },
  };
}
