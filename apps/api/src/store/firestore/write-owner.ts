import type { DocumentReference, WriteBatch } from '@google-cloud/firestore';
import { tierEntry } from '../../keys/audit.ts';
import { audit } from './audit.ts';
import { type Database, put } from './database.ts';
import { type Found, keyDocumentOf, type OwnerDocument } from './documents.ts';
import { type OwnerChange, ownerAfter } from './owner.ts';

/**
 * Adds a change of an owner to the batch. A standing that is another than before is written on its unexpired keys as well,
 * except those that the change itself puts: that is rare, and lets a key be checked without its owner. Of a tier that is another the
 * audit log has an entry of its own.
 *
 * @returns what the owner's document will say.
 */
export function writeOwner(
  database: Database,
  batch: WriteBatch,
  document: DocumentReference,
  found: Found<OwnerDocument> | undefined,
  change: OwnerChange,
): OwnerDocument {
  const { firestore, write } = database;
  const before = found?.content;
  const after = ownerAfter(before, change);
  put(batch, document, write.owner(after), found);
  if (before !== undefined && (before.tier !== after.tier || before.suspended !== after.suspended)) {
    const own = { ...change.put, ...change.supersede };
    const others = Object.keys({ ...after.active, ...after.superseded }).filter((id) => own[id] === undefined);
    for (const id of others) batch.update(keyDocumentOf(firestore, id), write.standing(after));
  }
  if (before !== undefined && before.tier !== after.tier) {
    const { now: at, userId, reason, by } = change;
    audit(database, batch, tierEntry({ at, userId, reason }, before.tier, after.tier, by));
  }
  return after;
}
