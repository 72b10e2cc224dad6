import { collections } from '@andamio/schema/firestore-layout';
import { type Tier, tiers } from '@andamio/schema/tiers';
import type { Query, QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { KeyCounts, OwnerCounts } from '../../keys/administration.ts';
import { isRemoved } from '../../keys/expiry.ts';
import type { Database } from './database.ts';
import { withDeadline } from './deadline.ts';
import { countedFields, parseCounted } from './documents.ts';

/**
 * How long a count, or the read of one page, may take, in milliseconds. Google gives a count a
 * minute.
 */
const stepDeadline = 60_000;

/** How many documents are read at a time. */
export const pageSize = 1_000;

/** Runs one read of a long series within a minute. */
export const readStep = <T>(read: () => Promise<T>): Promise<T> => withDeadline(stepDeadline, read);

/** Counts owners by the index, which costs a read for each thousand. */
export async function countOwners({ firestore }: Database): Promise<OwnerCounts> {
  const owners = firestore.collection(collections.owners.id);
  const count = async (query: Query) => (await readStep(() => query.count().get())).data().count;
  const countTier = async (tier: string) => [tier, await count(owners.where('tier', '==', tier))] as const;
  const [total, suspended, byTier] = await Promise.all([
    count(owners),
    count(owners.where('suspended', '==', true)),
    Promise.all(Object.keys(tiers).map(countTier)),
  ]);
  return { total, suspended, byTier: Object.fromEntries(byTier) as Record<Tier, number> };
}

/**
 * Counts keys by reading all of them. Their expiry has no index: keys that are issued one after the
 * other expire so as well, and all would be written to the same place of it. The pages are of
 * different moments.
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
    const { docs } = await readStep(() => (after === undefined ? all : all.startAfter(after)).get());
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
