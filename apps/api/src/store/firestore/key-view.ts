import { type Database, readView, type View } from './database.ts';
import { type Found, keyDocumentOf, type NamedDocuments, parseKey, parseOwner, type StoredKey } from './documents.ts';

/** What a change of one key is decided by. */
export interface KeyView extends View {
  readonly key: Found<StoredKey> | undefined;
}

/**
 * Reads owner and name, then the key that the name stands for: its id is known only then. The owner is read again with it,
 * or a commit of ours that arrives in between would show on the key and not on the owner, where it is known again.
 */
export async function readKeyView({ firestore }: Database, documents: NamedDocuments): Promise<KeyView> {
  const view = await readView(firestore, documents);
  if (view.name === undefined) return { ...view, key: undefined };
  const [owner, key] = await firestore.getAll(documents.owner, keyDocumentOf(firestore, view.name.content.key_id));
  return { owner: owner && parseOwner(owner), name: view.name, key: key && parseKey(key) };
}
