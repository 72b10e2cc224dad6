import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import DataLoader from 'dataloader';

/** Largest number of documents that one call reads. */
const maximumBatch = 100;

/** Reads the document of a key by its id. */
export type ReadKey = (id: string) => Promise<DocumentSnapshot>;

/**
 * Creates a reader of key documents. All documents requested in one turn of the event loop are read
 * with one call, because under load the call costs more than the reads. The reader does not cache.
 */
export function createKeyReader(firestore: Firestore): ReadKey {
  const keys = firestore.collection(collections.keys.id);
  const loader = new DataLoader<string, DocumentSnapshot>((ids) => firestore.getAll(...ids.map((id) => keys.doc(id))), {
    cache: false,
    maxBatchSize: maximumBatch,
    batchScheduleFn: (send) => void setImmediate(send),
  });
  return (id) => loader.load(id);
}
