import { ownEntry } from '../../keys/audit.ts';
import { isGone, isTooLate } from '../../keys/expiry.ts';
import type { IssueCommand, IssueOutcome, KeyRecord } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { unchanged } from './claim-tier.ts';
import { settle } from './contest.ts';
import { type Database, put, readView, type View } from './database.ts';
import { documentsOf, keyDocumentOf, type OwnerDocument } from './documents.ts';
import { countHeld, effectiveTierOf } from './owner.ts';
import { recall, remember } from './remember.ts';
import { writeOwner } from './write-owner.ts';

/** Right for an owner's first key. */
const nothingStored: View = { owner: undefined, name: undefined, memory: undefined };

/** Whether the key was issued, also where it has been deleted, rolled or digested anew since. */
function isMade({ active, attempts }: OwnerDocument, { id, serial }: KeyRecord): boolean {
  return Object.hasOwn(active, id) || attempts.includes(serial);
}

function refusalOf(view: View, command: IssueCommand): IssueOutcome | undefined {
  const { owner, name } = view;
  const { record, tierClaim, maximumKeysOf, attempt } = command;
  if (owner?.content.suspended) return 'suspended';
  const earlier = recall(view, attempt, record.createdAt);
  if (earlier !== undefined) return earlier;
  if (isTooLate(record.expiresAt)) return 'expiry_too_late';
  if (name !== undefined && !isGone({ removeAt: name.content.remove_at }, record.createdAt)) return 'name_taken';
  const maximumKeys = maximumKeysOf(effectiveTierOf(owner?.content, tierClaim));
  return countHeld(owner?.content, record.createdAt) < maximumKeys ? undefined : 'key_limit_reached';
}

/** Writes owner, name and key at once if the name is free and the owner has a place. One round trip for a first key. */
export function issue(database: Database, command: IssueCommand): Promise<IssueOutcome> {
  const { firestore, write } = database;
  const { record, tierClaim, attempt } = command;
  const documents = documentsOf(firestore, record);
  return settle<View, IssueOutcome>({
    // What would be refused by the guess may be a request that is remembered.
    ...(!isTooLate(record.expiresAt) && { guess: nothingStored }),
    read: () => readView(firestore, documents, attempt),
    decide(view) {
      const { owner, name } = view;
      if (owner !== undefined && isMade(owner.content, record)) return { outcome: 'issued' };
      const refusal = refusalOf(view, command);
      const { userId, createdAt: now } = record;
      if (refusal !== undefined)
        return unchanged(database, documents.owner, owner, { userId, tierClaim, now }, refusal);
      const writes = firestore.batch();
      const standing = writeOwner(database, writes, documents.owner, owner, {
        userId,
        tierClaim,
        now,
        put: { [record.id]: record.expiresAt },
        attempt: record.serial,
      });
      put(writes, documents.name, write.name(record, null), name);
      put(writes, keyDocumentOf(firestore, record.id), write.key({ record, ...standing }), undefined);
      remember(database, writes, view, attempt, now, record);
      audit(database, writes, ownEntry('key.issued', { at: now, userId, name: record.name, keyId: record.id }));
      return { outcome: 'issued', writes };
    },
  });
}
