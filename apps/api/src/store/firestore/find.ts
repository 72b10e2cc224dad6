import { type FoundKey, StoreUnavailableError } from '../../keys/store.ts';
import type { Database } from './database.ts';
import { keyDocumentOf, parseKey } from './documents.ts';

/** Finds a key by any of the ids that it may have, with one call. */
export async function find({ firestore }: Database, ids: readonly string[]): Promise<FoundKey | undefined> {
  const snapshots = await firestore
    .getAll(...ids.map((id) => keyDocumentOf(firestore, id)))
    .catch((cause: unknown): never => {
      throw new StoreUnavailableError('Firestore could not be read.', { cause });
    });
  const found = snapshots.find(({ exists }) => exists);
  const key = found && parseKey(found);
  if (key === undefined) return undefined;
  const { record, tier, suspended } = key.content;
  return { record, tier, suspended };
}
