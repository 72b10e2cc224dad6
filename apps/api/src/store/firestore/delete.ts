import { randomUUID } from 'node:crypto';
import { ownEntry } from '../../keys/audit.ts';
import { isGone } from '../../keys/expiry.ts';
import type { DeleteCommand, DeleteOutcome, EndedKeys } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { unchanged } from './claim-tier.ts';
import { settle } from './contest.ts';
import { type Database, readView, type View } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { writeOwner } from './write-owner.ts';

/** Removes name and key and takes the key off its owner's list, at once. */
export function remove(database: Database, command: DeleteCommand): Promise<DeleteOutcome> {
  const { firestore } = database;
  const { now } = command;
  const documents = documentsOf(firestore, command);
  const attempt = randomUUID();
  let made: EndedKeys | undefined;
  return settle<View, DeleteOutcome>({
    read: () => readView(firestore, documents, undefined),
    decide({ owner, name }) {
      if (made !== undefined && owner?.content.attempts.includes(attempt)) return { outcome: made };
      if (name === undefined || isGone({ removeAt: name.content.remove_at }, now)) {
        return unchanged(database, documents.owner, owner, command, 'no_such_key');
      }
      const { key_id, previous_id } = name.content;
      const ids = previous_id === null ? [key_id] : [key_id, previous_id];
      const writes = firestore.batch();
      writeOwner(database, writes, documents.owner, owner, { ...command, drop: ids, attempt });
      writes.delete(documents.name, { lastUpdateTime: name.updateTime });
      for (const id of ids) writes.delete(keyDocumentOf(firestore, id));
      audit(database, writes, ownEntry('key.deleted', { ...command, at: now, keyId: key_id }));
      made = { ids };
      return { outcome: made, writes };
    },
  });
}
