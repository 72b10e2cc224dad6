import type { DocumentReference, WriteBatch } from '@google-cloud/firestore';
import { type Database, put } from './database.ts';
import { type Found, keyDocumentOf, type OwnerDocument } from './documents.ts';
import { type OwnerChange, ownerAfter } from './owner.ts';

/**
 * Adds a change of an owner to a batch. If the owner's tier or suspension changes, also updates
 * both in the owner's unexpired keys, except in keys that the change itself writes. Keys contain
 * the tier and suspension so that a key can be verified without reading its owner. Both rarely
 * change.
 *
 * @returns the owner's document after the change.
 */
export function writeOwner(
  { firestore, write }: Database,
  batch: WriteBatch,
  document: DocumentReference,
  found: Found<OwnerDocument> | undefined,
  change: OwnerChange,
): OwnerDocument {
  const before = found?.content;
  const after = ownerAfter(before, change);
  put(batch, document, write.owner(after), found);
  if (
    before !== undefined &&
    (before.tier !== after.tier || before.suspended !== after.suspended)
  ) {
    const own = { ...change.put, ...change.supersede };
    const others = Object.keys({ ...after.active, ...after.superseded }).filter(
      (id) => own[id] === undefined,
    );
    for (const id of others) batch.update(keyDocumentOf(firestore, id), write.accountStatus(after));
  }
  return after;
}
