import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import DataLoader from 'dataloader';

/** Maximum number of documents per call. */
const maximumBatch = 100;

export type ReadKey = (id: string) => Promise<DocumentSnapshot>;

/**
 * Creates a reader of key documents, without a cache. Documents requested in the same turn of the
 * event loop are read in one call, because under load a call costs more than the reads within it.
 */
export function createKeyReader(firestore: Firestore): ReadKey {
  const keys = firestore.collection(collections.keys.id);
  const loader = new DataLoader<string, DocumentSnapshot>(
    (ids) => firestore.getAll(...ids.map((id) => keys.doc(id))),
    {
      cache: false,
      maxBatchSize: maximumBatch,
      batchScheduleFn: (send) => void setImmediate(send),
    },
  );
  return (id) => loader.load(id);
}
