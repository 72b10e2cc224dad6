import type { Database } from './database.ts';
import {
  type Found,
  keyDocumentOf,
  type NameDocument,
  type NamedDocuments,
  type OwnerDocument,
  parseKey,
  parseName,
  parseOwner,
  type StoredKey,
} from './documents.ts';

/** An owner, one of its names and the name's secrets, all of one moment. */
export interface SecretsView {
  readonly owner: Found<OwnerDocument> | undefined;
  readonly name: Found<NameDocument> | undefined;
  /** What the name stands for. */
  readonly current: Found<StoredKey> | undefined;
  /** What was rolled away last; maybe it has ended. */
  readonly previous: Found<StoredKey> | undefined;
}

const idsOf = (name: Found<NameDocument> | undefined) =>
  name === undefined ? [] : [name.content.key_id, name.content.previous_id].filter((id) => id !== null);

/** Reads a name, then everything at once: only the name says which secrets, and in the meantime it may speak of others. */
export async function readSecrets({ firestore }: Database, documents: NamedDocuments): Promise<SecretsView> {
  for (let ids = idsOf(parseName(await documents.name.get())); ; ) {
    const references = [documents.owner, documents.name, ...ids.map((id) => keyDocumentOf(firestore, id))] as const;
    const [ownerSnapshot, nameSnapshot, current, previous] = await firestore.getAll(...references);
    const name = nameSnapshot && parseName(nameSnapshot);
    const now = idsOf(name);
    if (now.join() === ids.join()) {
      return {
        owner: ownerSnapshot && parseOwner(ownerSnapshot),
        name,
        current: current && parseKey(current),
        previous: previous && parseKey(previous),
      };
    }
    ids = now;
  }
}
