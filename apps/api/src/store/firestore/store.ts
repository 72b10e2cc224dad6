import type { Administration } from '@andamio/keys/administration';
import type { NameView } from '@andamio/keys/model';
import {
  checkDeadline,
  type KeyStore,
  StoreUnavailableError,
  storeDeadline,
} from '@andamio/keys/store';
import { collections } from '@andamio/schema/firestore-layout';
import { createKeyReader } from '@andamio/verification/firestore/key-reader';
import { readAudit, wasRevoked } from './audit.ts';
import type { FirestoreAddress } from './client.ts';
import { countKeys, countOwners } from './counts.ts';
import type { Database } from './database.ts';
import { withDeadline, withStoreDeadline } from './deadline.ts';
import { deviceLoginsOf, findDeviceLogin, transactDeviceLogin } from './device-logins.ts';
import { documentWriter } from './documents.ts';
import { erase } from './erase.ts';
import { OwnerQueue } from './owner-queue.ts';
import { find, inspect, list, owners, page, readTierClaim } from './reads.ts';
import { transact } from './transact.ts';
import { readActivity, readTotals, resetUsage } from './usage.ts';
import { UsageAdditions } from './usage-additions.ts';
import { FirestoreView, type Target } from './view.ts';

/** The outcome of a transaction on a name that no longer has the located secret. */
const moved = Symbol('moved');

/**
 * Creates a store in Firestore. Conflicts between the requests of one owner are resolved by
 * preconditions on the owner's document. Requests of different owners never write the same
 * document.
 */
export function createFirestoreStore(address: FirestoreAddress): KeyStore & Administration {
  const changes = new OwnerQueue();
  const additions = new UsageAdditions((task) => withStoreDeadline(() => using(task)));
  let opening: Promise<Database> | undefined;

  async function load(): Promise<Database> {
    const { openFirestore, timestampOf } = await import('./client.ts');
    const connection = openFirestore(address);
    const { firestore } = connection;
    return {
      connection,
      firestore,
      readKey: createKeyReader(firestore),
      write: documentWriter(timestampOf),
      timestamp: timestampOf,
    };
  }

  function open() {
    opening ??= load().catch((cause: unknown) => {
      opening = undefined;
      throw new StoreUnavailableError('The Firestore client could not be created.', { cause });
    });
    return opening;
  }

  type Task<Outcome> = (database: Database) => Promise<Outcome>;

  async function using<Outcome>(task: Task<Outcome>): Promise<Outcome> {
    const database = await open();
    return database.connection.use(() => task(database));
  }

  /**
   * Runs a task after all earlier tasks of the same owner. The time in the queue counts toward the
   * task's deadline.
   */
  function inTurn<Outcome>(
    owner: string,
    task: Task<Outcome>,
    until = performance.now() + storeDeadline,
  ): Promise<Outcome> {
    return changes.run(owner, () => withDeadline(until - performance.now(), () => using(task)));
  }

  return {
    async transact(scope, decide) {
      if ('userId' in scope)
        return inTurn(scope.userId, (database) => transact(database, scope, decide));
      const { ids, now } = scope;
      const until = performance.now() + storeDeadline;
      // If another process has moved the secret since it was located, the secret is located again. If
      // it is then located under the same name, it has not moved: the TTL has deleted the name first.
      for (let searched: string | undefined; ; ) {
        const found = await withDeadline(until - performance.now(), () =>
          using((database) => find(database, ids)),
        );
        if (found === undefined) return decide(new FirestoreView({}, { userId: '', now })).outcome;
        const { record: located } = found;
        const { userId, name, serial } = located;
        const target: Target = { userId, names: [name], now, located, reads: 'both' };
        const hasMoved = ({ key, previous }: NameView) =>
          name !== searched && key?.serial !== serial && previous?.serial !== serial;
        const outcome = await inTurn(
          userId,
          (database) =>
            transact<ReturnType<typeof decide>['outcome'] | typeof moved>(
              database,
              target,
              (view) => (hasMoved(view.at(name)) ? { outcome: moved, changes: [] } : decide(view)),
            ),
          until,
        );
        if (outcome !== moved) return outcome;
        searched = name;
      }
    },

    findDeviceLogin: (ids) =>
      withStoreDeadline(() => using((database) => findDeviceLogin(database, ids))),

    deviceLoginsOf: (userId) =>
      withStoreDeadline(() => using((database) => deviceLoginsOf(database, userId))),

    transactDeviceLogin: (ids, decide) =>
      withStoreDeadline(() => using((database) => transactDeviceLogin(database, ids, decide))),

    wasRevoked: (ids) => withStoreDeadline(() => using((database) => wasRevoked(database, ids))),

    erase: (command) =>
      changes.run(command.userId, () => using((database) => erase(database, command))),

    inspect: (userId) => withStoreDeadline(() => using((database) => inspect(database, userId))),

    owners: () => owners(using),

    readAudit: (userId) => using((database) => readAudit(database, userId)),

    resetUsage: (command) =>
      withStoreDeadline(() => using((database) => resetUsage(database, command))),

    countOwners: () => using(countOwners),

    countKeys: (now) => using((database) => countKeys(database, now)),

    find: (ids) => withStoreDeadline(() => using((database) => find(database, ids))),

    list: (userId, now) =>
      withStoreDeadline(() => using((database) => list(database, userId, now))),

    readTierClaim: (userId) =>
      withStoreDeadline(() => using((database) => readTierClaim(database, userId))),

    page: (query) => withStoreDeadline(() => using((database) => page(database, query))),

    addUsage: (command) => additions.add(command),

    readTotals: (userId, day) =>
      withStoreDeadline(() => using((database) => readTotals(database, userId, day))),

    readActivity: (query) =>
      withStoreDeadline(() => using((database) => readActivity(database, query))),

    check: (milliseconds = checkDeadline) =>
      withDeadline(milliseconds, () =>
        using(async ({ firestore }) => {
          await firestore.collection(collections.owners.id).doc('readiness').get();
        }),
      ),

    async close() {
      await Promise.all([changes.settled(), additions.settled()]);
      const database = await opening?.catch(() => undefined);
      await database?.connection.close();
    },
  };
}
