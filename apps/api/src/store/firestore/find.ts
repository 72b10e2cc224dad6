import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import DataLoader from 'dataloader';
import type { FoundKey } from '../../keys/store.ts';
import type { Database } from './database.ts';
import { keyDocumentOf, parseKey } from './documents.ts';

/** How many documents one call asks for at most. */
const maximumBatch = 100;

/**
 * Makes what reads keys: all that are asked for in one turn of the event loop with one call. Under load a call by itself costs more than
 * what it reads. Nothing is remembered here.
 */
export function keyReader(firestore: Firestore): Database['readKey'] {
  const loader = new DataLoader<string, DocumentSnapshot>(
    (ids) => firestore.getAll(...ids.map((id) => keyDocumentOf(firestore, id))),
    { cache: false, maxBatchSize: maximumBatch, batchScheduleFn: (send) => void setImmediate(send) },
  );
  return (id) => loader.load(id);
}

/** Finds a key by any of the ids that it may have, with one call at the most. */
export async function find({ readKey }: Database, ids: readonly string[]): Promise<FoundKey | undefined> {
  const snapshots = await Promise.all(ids.map(readKey));
  const found = snapshots.find(({ exists }) => exists);
  const key = found && parseKey(found);
  if (key === undefined) return undefined;
  const { record, tier, suspended } = key.content;
  return { record, tier, suspended };
}
