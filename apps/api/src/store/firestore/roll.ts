import { randomUUID } from 'node:crypto';
import { ownEntry } from '../../keys/audit.ts';
import { rolled } from '../../keys/roll.ts';
import type { RollCommand, RollOutcome } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { unchanged } from './claim-tier.ts';
import { settle } from './contest.ts';
import { type Database, put } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { type KeyView, readKeyView } from './key-view.ts';
import { recall, remember } from './remember.ts';
import { writeOwner } from './write-owner.ts';

/** Puts a new key in the place of one, which stays for its grace, and removes the one that was rolled away before. */
export function roll(database: Database, command: RollCommand): Promise<RollOutcome> {
  const { firestore, write } = database;
  const { now, attempt } = command;
  const documents = documentsOf(firestore, command);
  const mark = randomUUID();
  let made: RollOutcome | undefined;
  return settle<KeyView, RollOutcome>({
    read: () => readKeyView(database, documents, attempt),
    decide(view) {
      const { owner, name, key } = view;
      if (made !== undefined && owner?.content.attempts.includes(mark)) return { outcome: made };
      const refuse = (outcome: RollOutcome) => unchanged(database, documents.owner, owner, command, outcome);
      if (owner?.content.suspended) return refuse('suspended');
      const earlier = recall(view, attempt, now);
      if (earlier !== undefined) return refuse(earlier);
      const outcome = rolled(key?.content.record, command);
      if (typeof outcome === 'string') return refuse(outcome);
      const { record, replacedId, previousExpiresAt } = outcome;
      const isKept = previousExpiresAt > now;
      const olderId = name?.content.previous_id ?? undefined;
      const ended = [olderId, isKept ? undefined : replacedId].filter((id) => id !== undefined);

      const writes = firestore.batch();
      const standing = writeOwner(database, writes, documents.owner, owner, {
        ...command,
        put: { [record.id]: record.expiresAt },
        ...(isKept && { supersede: { [replacedId]: previousExpiresAt } }),
        drop: [replacedId, ...ended],
        attempt: mark,
      });
      put(writes, documents.name, write.name(record, isKept ? replacedId : null), name);
      put(writes, keyDocumentOf(firestore, record.id), write.key({ record, ...standing }), undefined);
      if (isKept) put(writes, keyDocumentOf(firestore, replacedId), write.superseded(previousExpiresAt, standing), key);
      for (const id of ended) writes.delete(keyDocumentOf(firestore, id));
      remember(database, writes, view, attempt, now, { ...record, previousExpiresAt });
      audit(database, writes, ownEntry('key.rolled', { ...command, at: now, keyId: record.id }));
      made = { ...outcome, ids: ended };
      return { outcome: made, writes };
    },
  });
}
