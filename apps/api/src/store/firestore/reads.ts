import type { InspectedOwner, OwnerSummary } from '@andamio/keys/administration';
import type { FoundKey, TierClaim } from '@andamio/keys/model';
import type { KeyPage, OwnedKeys, PageQuery } from '@andamio/keys/store';
import { collections } from '@andamio/schema/firestore-layout';
import type {
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import { pageSize, readStep } from './counts.ts';
import type { Database } from './database.ts';
import {
  documentsOf,
  keyDocumentOf,
  type OwnerDocument,
  ownerDocumentOf,
  parseKey,
  parseName,
  parseOwner,
  type StoredKey,
} from './documents.ts';
import { lastExpired, ownerRecordOf, unexpired } from './owner.ts';
import { documentsWhere, inOrderOfIds } from './query.ts';

/** Finds a key by its possible ids, with at most one call to Firestore. */
export async function find(
  { readKey }: Database,
  ids: readonly string[],
): Promise<FoundKey | undefined> {
  const snapshots = await readKey(ids);
  const found = snapshots.find(({ exists }) => exists);
  const key = found && parseKey(found);
  if (key === undefined) return undefined;
  const { record, tier, suspended } = key.content;
  return { record, tier, suspended };
}

interface Owned {
  readonly owner: OwnerDocument | undefined;
  readonly since: number | undefined;
  readonly keys: readonly StoredKey[];
}

/** Reads an owner and all of the owner's keys, in the time of one round trip. */
async function readAll({ firestore }: Database, userId: string): Promise<Owned> {
  const [snapshot, found] = await Promise.all([
    ownerDocumentOf(firestore, userId).get(),
    documentsWhere(firestore, collections.keys, 'user_id', '==', userId).get(),
  ]);
  const keys = found.docs.flatMap((document) => parseKey(document)?.content ?? []);
  const owner = parseOwner(snapshot)?.content;
  // The two reads happen at different times, so a first key that the owner's document lacks may be
  // found.
  const first =
    keys.length === 0 ? undefined : Math.min(...keys.map(({ record }) => record.createdAt));
  return { owner, since: owner?.created_at ?? first, keys };
}

/**
 * Reads documents as they were when an earlier read found their ids. Without this, a key that is
 * rehashed or rolled between the two reads would be missing: it would no longer have the id that
 * was found, and its new id would not be read.
 */
function readAsOf(
  firestore: Firestore,
  readTime: Timestamp,
  documents: readonly DocumentReference[],
): Promise<DocumentSnapshot[]> {
  return firestore.runTransaction((reads) => reads.getAll(...documents), {
    readOnly: true,
    readTime,
  });
}

/**
 * Returns the owner's unexpired keys and most recently expired keys, without previous secrets.
 * Their ids come from the owner's document, because an index on expiries would cost more. The keys
 * are read as of the time at which that document was read.
 */
export async function list(
  { firestore }: Database,
  userId: string,
  now: number,
): Promise<OwnedKeys> {
  const snapshot = await ownerDocumentOf(firestore, userId).get();
  const owner = parseOwner(snapshot)?.content;
  if (owner === undefined) return { since: undefined, tierClaim: undefined, keys: [] };
  // A process whose clock is ahead may have counted an unexpired key as expired.
  const valid = unexpired({ ...owner.active, ...owner.expired }, now);
  const ids = [...valid, ...lastExpired(owner, now)].map(([id]) => id);
  const found =
    ids.length === 0
      ? []
      : await readAsOf(
          firestore,
          snapshot.readTime,
          ids.map((id) => keyDocumentOf(firestore, id)),
        );
  const keys = found.flatMap((document) => parseKey(document)?.content ?? []);
  return {
    since: owner.created_at ?? undefined,
    tierClaim: ownerRecordOf(owner).tierClaim,
    keys: keys.filter(({ superseded }) => !superseded).map(({ record }) => record),
  };
}

/** Finds an owner's newest stored tier claim. */
export async function readTierClaim(
  { firestore }: Database,
  userId: string,
): Promise<TierClaim | undefined> {
  const owner = parseOwner(await ownerDocumentOf(firestore, userId).get())?.content;
  return owner && ownerRecordOf(owner).tierClaim;
}

/**
 * Finds a page of an owner's names, ordered by document id. The ids are hashes of the names, so
 * they stay the same when keys are rotated, rolled or rehashed. The index on `user_id` has the same
 * order, so no further index is needed.
 *
 * The query finds the names. A second read finds their keys, as of the time of the query.
 */
export async function page(
  { firestore }: Database,
  { userId, from, maximum }: PageQuery,
): Promise<KeyPage> {
  const ordered = inOrderOfIds(
    documentsWhere(firestore, collections.names, 'user_id', '==', userId),
  ).limit(maximum);
  const { id } = documentsOf(firestore, { userId, name: from?.name ?? '' }).name;
  const query =
    from === undefined ? ordered : from.isIncluded ? ordered.startAt(id) : ordered.startAfter(id);
  const { docs, readTime } = await query.get();
  const found = docs.flatMap((document) => parseName(document)?.content ?? []);
  const ids = found.flatMap(({ key_id, previous_id }) => [key_id, previous_id ?? []].flat());
  const snapshots = await readAsOf(firestore, readTime, [
    ownerDocumentOf(firestore, userId),
    ...ids.map((keyId) => keyDocumentOf(firestore, keyId)),
  ]);
  const ownerContent = snapshots[0] && parseOwner(snapshots[0])?.content;
  const keys = new Map(
    snapshots.slice(1).map((snapshot) => [snapshot.id, parseKey(snapshot)?.content.record]),
  );
  return {
    tierClaim: ownerContent && ownerRecordOf(ownerContent).tierClaim,
    names: found.map(({ name, key_id, previous_id }) => ({
      name,
      current: keys.get(key_id),
      previous: keys.get(previous_id ?? ''),
    })),
  };
}

/** Finds an owner and all of the owner's keys. */
export async function inspect(
  database: Database,
  userId: string,
): Promise<InspectedOwner | undefined> {
  const { owner, since, keys } = await readAll(database, userId);
  if (owner === undefined) return undefined;
  const { tier, suspended } = owner;
  return {
    since,
    tier,
    suspended,
    keys: keys.map(({ record, superseded }) => ({ ...record, superseded })),
  };
}

/** Runs a task with an open database, which is not closed before the task ends. */
type UseDatabase = <T>(task: (database: Database) => Promise<T>) => Promise<T>;

/**
 * Lists all owners by reading the document of each. The database may be closed between two pages.
 */
export async function* owners(use: UseDatabase): AsyncGenerator<readonly OwnerSummary[]> {
  for (let last: QueryDocumentSnapshot | undefined; ; ) {
    const after = last;
    const { docs } = await readStep(() =>
      use(({ firestore }) => {
        const page = firestore.collection(collections.owners.id).limit(pageSize);
        return (after === undefined ? page : page.startAfter(after)).get();
      }),
    );
    yield docs
      .flatMap((document) => parseOwner(document)?.content ?? [])
      .map(({ user_id: userId, created_at, tier, suspended }) => ({
        userId,
        since: created_at ?? undefined,
        tier,
        suspended,
      }));
    last = docs.at(-1);
    if (docs.length < pageSize) return;
  }
}
