import { randomUUID } from 'node:crypto';
import type { OwnerCommand, Suspension } from '../../keys/administration.ts';
import { audit } from './audit.ts';
import { settle } from './contest.ts';
import type { Database } from './database.ts';
import { type Found, type OwnerDocument, ownerDocumentOf, parseOwner } from './documents.ts';
import { ownerAfter } from './owner.ts';
import { writeOwner } from './write-owner.ts';

/** Writes on an owner and all its unexpired keys whether it is suspended. One that has no document gets one to say so. */
function setSuspended(database: Database, command: OwnerCommand, suspended: boolean): Promise<Suspension> {
  const { firestore } = database;
  const { userId, by, reason, now } = command;
  const document = ownerDocumentOf(firestore, userId);
  const attempt = randomUUID();
  let made: Suspension | undefined;
  return settle<Found<OwnerDocument> | undefined, Suspension>({
    read: async () => parseOwner(await document.get()),
    decide(owner) {
      if (made !== undefined && owner?.content.attempts.includes(attempt)) return { outcome: made };
      const change = { userId, now, suspended, attempt };
      const after = ownerAfter(owner?.content, change);
      const ids = Object.keys({ ...after.active, ...after.superseded });
      if ((owner?.content.suspended ?? false) === suspended) return { outcome: { changed: false, ids } };
      const writes = firestore.batch();
      writeOwner(database, writes, document, owner, change);
      const action = suspended ? 'user.suspended' : 'user.resumed';
      audit(database, writes, { at: now, actor: by, action, userId, reason });
      made = { changed: true, ids };
      return { outcome: made, writes };
    },
  });
}

export const suspend = (database: Database, command: OwnerCommand) => setSuspended(database, command, true);

export async function resume(database: Database, command: OwnerCommand): Promise<boolean> {
  return (await setSuspended(database, command, false)).changed;
}
