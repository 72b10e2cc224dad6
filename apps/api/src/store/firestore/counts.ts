import type { KeyCounts, OwnerCounts } from '@andamio/keys/administration';
import { isRemoved } from '@andamio/keys/expiry';
import { collections } from '@andamio/schema/firestore-layout';
import { type Tier, tiers } from '@andamio/schema/tiers';
import type { Query, QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { Database } from './database.ts';
import { withDeadline } from './deadline.ts';
import { countedFields, parseCounted } from './documents.ts';
import { documentsWhere } from './query.ts';

/**
 * Time limit, in milliseconds, for a count or for reading one page. Google's own limit for a count
 * is one minute.
 */
const stepDeadline = 60_000;

/** Number of documents in a page. */
export const pageSize = 1_000;

/** Runs one read of a long series within {@link stepDeadline}. */
export const readStep = <T>(read: () => Promise<T>): Promise<T> => withDeadline(stepDeadline, read);

/** Counts owners in the index, which costs one read per thousand owners. */
export async function countOwners({ firestore }: Database): Promise<OwnerCounts> {
  const { owners } = collections;
  const count = async (query: Query) => (await readStep(() => query.count().get())).data().count;
  const countTier = async (tier: string) =>
    [tier, await count(documentsWhere(firestore, owners, 'tier', '==', tier))] as const;
  const [total, suspended, byTier] = await Promise.all([
    count(firestore.collection(owners.id)),
    count(documentsWhere(firestore, owners, 'suspended', '==', true)),
    Promise.all(Object.keys(tiers).map(countTier)),
  ]);
  return { total, suspended, byTier: Object.fromEntries(byTier) as Record<Tier, number> };
}

/**
 * Counts keys by reading all of them. Expiries have no index, because keys that are issued in
 * sequence also expire in sequence and would all be written to the same place in the index. The
 * pages are read at different times, so the counts are not a consistent snapshot.
 */
export async function countKeys({ firestore }: Database, now: number): Promise<KeyCounts[]> {
  const counts = new Map<string, { active: number; superseded: number; expired: number }>();
  const all = firestore
    .collection(collections.keys.id)
    .select(...countedFields)
    .limit(pageSize);
  let last: QueryDocumentSnapshot | undefined;
  do {
    const after = last;
    const { docs } = await readStep(() =>
      (after === undefined ? all : all.startAfter(after)).get(),
    );
    for (const document of docs) {
      const key = parseCounted(document);
      if (key === undefined || isRemoved({ deleteAfter: key.remove_at }, now)) continue;
      const count = counts.get(key.pepper_version) ?? { active: 0, superseded: 0, expired: 0 };
      counts.set(key.pepper_version, count);
      if (key.superseded) count.superseded++;
      else if (key.expires_at > now) count.active++;
      else count.expired++;
    }
    last = docs.length < pageSize ? undefined : docs.at(-1);
  } while (last !== undefined);
  return [...counts].map(([pepperVersion, count]) => ({ pepperVersion, ...count }));
}
