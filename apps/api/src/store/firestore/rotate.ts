import { randomUUID } from 'node:crypto';
import { ownEntry } from '../../keys/audit.ts';
import { extended } from '../../keys/rotate.ts';
import type { RotateCommand, RotateOutcome, Validity } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { unchanged } from './claim-tier.ts';
import { settle } from './contest.ts';
import { type Database, put } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { type KeyView, readKeyView } from './key-view.ts';
import { effectiveTierOf, hasPlace } from './owner.ts';
import { recall, remember } from './remember.ts';
import { writeOwner } from './write-owner.ts';

/** Moves a key's expiry on owner, name and key at once, if the domain's rule allows. */
export function rotate(database: Database, command: RotateCommand): Promise<RotateOutcome> {
  const { firestore, write } = database;
  const { now, tierClaim, maximumKeysOf, attempt } = command;
  const documents = documentsOf(firestore, command);
  const mark = randomUUID();
  let made: Validity | undefined;
  return settle<KeyView, RotateOutcome>({
    read: () => readKeyView(database, documents, attempt),
    decide(view) {
      const { owner, name, key } = view;
      if (made !== undefined && owner?.content.attempts.includes(mark)) return { outcome: made };
      const refuse = (outcome: RotateOutcome) => unchanged(database, documents.owner, owner, command, outcome);
      if (owner?.content.suspended) return refuse('suspended');
      const earlier = recall(view, attempt, now);
      if (earlier !== undefined) return refuse(earlier);
      const record = key?.content.record;
      const maximumKeys = maximumKeysOf(effectiveTierOf(owner?.content, tierClaim));
      const outcome = extended(record, command, ({ id }) => hasPlace(owner?.content, id, now, maximumKeys));
      if (typeof outcome === 'string' || record === undefined) return refuse(outcome);
      made = outcome;
      const { id } = record;
      const writes = firestore.batch();
      const change = { ...command, put: { [id]: outcome.expiresAt }, attempt: mark };
      const standing = writeOwner(database, writes, documents.owner, owner, change);
      put(writes, documents.name, write.removal(outcome), name);
      put(writes, keyDocumentOf(firestore, id), write.validity(outcome, standing), key);
      remember(database, writes, view, attempt, now, { ...record, ...outcome });
      audit(database, writes, ownEntry('key.rotated', { ...command, at: now, keyId: id }));
      return { outcome, writes };
    },
  });
}
