import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import DataLoader from 'dataloader';

/** Maximum number of keys per call. Each key is read under all of its ids. */
const maximumBatch = 100;

/** Reads the documents of one key, one for each of its ids. */
export type ReadKey = (ids: readonly string[]) => Promise<readonly DocumentSnapshot[]>;

/**
 * Creates a reader of key documents, without a cache. Keys requested in the same turn of the event
 * loop are read in one call, because under load a call costs more than the reads within it.
 *
 * All ids of a key are read in the same call. A rehash between two calls would hide the key from
 * both.
 */
export function createKeyReader(firestore: Firestore): ReadKey {
  const keys = firestore.collection(collections.keys.id);
  const loader = new DataLoader<readonly string[], readonly DocumentSnapshot[]>(
    async (requests) => {
      const snapshots = await firestore.getAll(...requests.flat().map((id) => keys.doc(id)));
      return requests.map((ids) => snapshots.splice(0, ids.length));
    },
    {
      cache: false,
      maxBatchSize: maximumBatch,
      batchScheduleFn: (send) => void setImmediate(send),
    },
  );
  return (ids) => loader.load(ids);
}
