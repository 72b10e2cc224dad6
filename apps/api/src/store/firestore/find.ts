import type { FoundKey } from '../../keys/model.ts';
import type { Database } from './database.ts';
import { parseKey } from './documents.ts';

/** Finds a key by any of the ids that it may have, with one call at the most. */
export async function find({ readKey }: Database, ids: readonly string[]): Promise<FoundKey | undefined> {
  const snapshots = await Promise.all(ids.map(readKey));
  const found = snapshots.find(({ exists }) => exists);
  const key = found && parseKey(found);
  if (key === undefined) return undefined;
  const { record, tier, suspended } = key.content;
  return { record, tier, suspended };
}
