import { collections } from '@andamio/schema/firestore-layout';
import type { QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { InspectedOwner, OwnerSummary } from '../../keys/administration.ts';
import type { OwnedKeys } from '../../keys/store.ts';
import { pageSize, readStep } from './counts.ts';
import type { Database } from './database.ts';
import { type OwnerDocument, ownerDocumentOf, parseKey, parseOwner, type StoredKey } from './documents.ts';
import { tierClaimIn } from './owner.ts';

interface Owned {
  readonly owner: OwnerDocument | undefined;
  readonly since: number | undefined;
  readonly keys: readonly StoredKey[];
}

/**
 * Reads an owner and its keys, in the time of one round trip. Expired ones stand on no list of ids: the owner's document would
 * outgrow its bound.
 */
async function read({ firestore }: Database, userId: string): Promise<Owned> {
  const [snapshot, found] = await Promise.all([
    ownerDocumentOf(firestore, userId).get(),
    firestore.collection(collections.keys.id).where('user_id', '==', userId).get(),
  ]);
  const keys = found.docs.flatMap((document) => parseKey(document)?.content ?? []);
  const owner = parseOwner(snapshot)?.content;
  // The two reads are of two moments: a first key may be issued between them.
  const first = keys.length === 0 ? undefined : Math.min(...keys.map(({ record }) => record.createdAt));
  return { owner, since: owner?.created_at ?? first, keys };
}

/** Finds the keys that an owner holds. */
export async function list(database: Database, userId: string): Promise<OwnedKeys> {
  const { owner, since, keys } = await read(database, userId);
  return {
    since,
    tierClaim: owner && tierClaimIn(owner),
    keys: keys.filter(({ superseded }) => !superseded).map(({ record }) => record),
  };
}

/** Finds all that there is of an owner. */
export async function inspect(database: Database, userId: string): Promise<InspectedOwner | undefined> {
  const { owner, since, keys } = await read(database, userId);
  if (owner === undefined) return undefined;
  const { tier, suspended } = owner;
  return { since, tier, suspended, keys: keys.map(({ record, superseded }) => ({ ...record, superseded })) };
}

/** Lists all owners by reading every document. */
export async function* owners({ firestore }: Database): AsyncGenerator<readonly OwnerSummary[]> {
  const all = firestore.collection(collections.owners.id).limit(pageSize);
  for (let last: QueryDocumentSnapshot | undefined; ; ) {
    const page = last === undefined ? all : all.startAfter(last);
    const { docs } = await readStep(() => page.get());
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
