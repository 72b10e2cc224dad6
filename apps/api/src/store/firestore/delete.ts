import { randomUUID } from 'node:crypto';
import { isGone } from '../../keys/expiry.ts';
import type { DeleteCommand, DeleteOutcome } from '../../keys/store.ts';
import { settle } from './contest.ts';
import { type Database, put, readView, type View } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { ownerAfter } from './owner.ts';

/** Removes name and key and takes the key off its owner's list, at once. */
export function remove({ firestore, write }: Database, command: DeleteCommand): Promise<DeleteOutcome> {
  const { now } = command;
  const documents = documentsOf(firestore, command);
  const attempt = randomUUID();
  return settle<View, DeleteOutcome>({
    read: () => readView(firestore, documents),
    decide({ owner, name }) {
      if (owner?.content.attempts.includes(attempt)) return { outcome: 'deleted' };
      if (name === undefined || isGone({ removeAt: name.content.remove_at }, now)) return { outcome: 'no_such_key' };
      const { key_id } = name.content;
      const writes = firestore.batch();
      put(
        writes,
        documents.owner,
        write.owner(ownerAfter(owner?.content, { ...command, drop: key_id, attempt })),
        owner,
      );
      writes.delete(documents.name, { lastUpdateTime: name.updateTime });
      writes.delete(keyDocumentOf(firestore, key_id));
      return { outcome: 'deleted', writes };
    },
  });
}
