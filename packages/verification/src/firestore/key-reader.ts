import { collections } from '@andamio/schema/firestore-layout';
import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import DataLoader from 'dataloader';

/** How many documents one call reads at most. */
const maximumBatch = 100;

/** Reads the document of a key by its id. */
export type ReadKey = (id: string) => Promise<DocumentSnapshot>;

/**
 * Creates a reader of key documents. All that are asked for in one turn of the event loop are read with one call: under load a call by itself
 * costs more than what it reads. Nothing is cached here.
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
