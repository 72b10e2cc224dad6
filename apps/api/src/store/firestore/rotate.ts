import { randomUUID } from 'node:crypto';
import { ownEntry } from '../../keys/audit.ts';
import { extended } from '../../keys/rotate.ts';
import type { FoundKey, RotateCommand, RotateOutcome, Validity } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { settle } from './contest.ts';
import { type Database, put, readView, type View } from './database.ts';
import { documentsOf, type Found, keyDocumentOf, type NamedDocuments, parseKey, parseOwner } from './documents.ts';
import { countHeld } from './owner.ts';
import { writeOwner } from './write-owner.ts';

/** What a rotation is decided by. */
interface RotationView extends View {
  readonly key: Found<FoundKey> | undefined;
}

/**
 * Reads owner and name, then the key that the name stands for: its id is known only then. The owner is read again with it,
 * or a commit of ours that arrives in between would show on the key and not on the owner, where it is known again.
 */
async function read({ firestore }: Database, documents: NamedDocuments): Promise<RotationView> {
  const view = await readView(firestore, documents);
  if (view.name === undefined) return { ...view, key: undefined };
  const [owner, key] = await firestore.getAll(documents.owner, keyDocumentOf(firestore, view.name.content.key_id));
  return { owner: owner && parseOwner(owner), name: view.name, key: key && parseKey(key) };
}

/** Moves a key's expiry on owner, name and key at once, if the domain's rule allows. */
export function rotate(database: Database, command: RotateCommand): Promise<RotateOutcome> {
  const { firestore, write } = database;
  const { now } = command;
  const documents = documentsOf(firestore, command);
  const attempt = randomUUID();
  let made: Validity | undefined;
  return settle<RotationView, RotateOutcome>({
    read: () => read(database, documents),
    decide({ owner, name, key }) {
      if (made !== undefined && owner?.content.attempts.includes(attempt)) return { outcome: made };
      const outcome = extended(key?.content.record, command, () => countHeld(owner?.content, now));
      if (typeof outcome === 'string' || key === undefined) return { outcome };
      made = outcome;
      const { id } = key.content.record;
      const writes = firestore.batch();
      const change = { ...command, put: { [id]: outcome.expiresAt }, attempt };
      const { tier } = writeOwner(database, writes, documents.owner, owner, change);
      put(writes, documents.name, write.removal(outcome), name);
      put(writes, keyDocumentOf(firestore, id), write.validity(outcome, tier), key);
      audit(database, writes, ownEntry('key.rotated', { ...command, at: now, keyId: id }));
      return { outcome, writes };
    },
  });
}
