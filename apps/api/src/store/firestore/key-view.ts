import type { Attempt } from '../../keys/idempotency.ts';
import { type Database, readView, type View } from './database.ts';
import {
  type Found,
  keyDocumentOf,
  type NamedDocuments,
  parseKey,
  parseName,
  parseOwner,
  type StoredKey,
} from './documents.ts';
import { memoryDocumentOf, parseMemory } from './memory.ts';

/** What a change of one key is decided by, all of one moment. */
export interface KeyView extends View {
  readonly key: Found<StoredKey> | undefined;
}

/**
 * Reads owner and name, then the key that the name stands for: its id is known only then. Everything else is read again with
 * it: a commit of ours that arrives in between would show on the key and not on the owner, where it is known again, and
 * in the meantime the name may stand for another key.
 *
 * @param attempt where the client may repeat the request.
 */
export async function readKeyView(
  { firestore }: Database,
  documents: NamedDocuments,
  attempt: Attempt | undefined,
): Promise<KeyView> {
  let view = await readView(firestore, documents, attempt);
  while (view.name !== undefined) {
    const id = view.name.content.key_id;
    const others = attempt === undefined ? [] : [memoryDocumentOf(firestore, attempt)];
    const references = [documents.owner, documents.name, keyDocumentOf(firestore, id), ...others] as const;
    const [owner, name, key, memory] = await firestore.getAll(...references);
    view = {
      owner: owner && parseOwner(owner),
      name: name && parseName(name),
      memory: memory && parseMemory(memory),
    };
    if (view.name?.content.key_id === id) return { ...view, key: key && parseKey(key) };
  }
  return { ...view, key: undefined };
}
