import { randomUUID } from 'node:crypto';
import type { OwnerCommand, ResumeOutcome, Suspension } from '../../keys/administration.ts';
import { audit } from './audit.ts';
import { settle } from './contest.ts';
import type { Database } from './database.ts';
import { type Found, type OwnerDocument, ownerDocumentOf, parseOwner } from './documents.ts';
import { ownerAfter } from './owner.ts';
import { writeOwner } from './write-owner.ts';

interface Change {
  readonly result: 'changed' | 'unchanged' | 'being_erased';
  /** The owner's unexpired keys. */
  readonly ids: readonly string[];
}

/** Writes on an owner and all its unexpired keys whether it is suspended. One that has no document gets one to say so. */
function setSuspended(database: Database, command: OwnerCommand, suspended: boolean): Promise<Change> {
  const { firestore } = database;
  const { userId, by, reason, now } = command;
  const document = ownerDocumentOf(firestore, userId);
  const change = { userId, now, suspended, attempt: randomUUID() };
  let made: Change | undefined;
  return settle<Found<OwnerDocument> | undefined, Change>({
    read: async () => parseOwner(await document.get()),
    decide(owner) {
      if (made !== undefined && owner?.content.attempts.includes(change.attempt)) return { outcome: made };
      const { active, superseded } = ownerAfter(owner?.content, change);
      const ids = Object.keys({ ...active, ...superseded });
      if (owner?.content.erasing && !suspended) return { outcome: { result: 'being_erased', ids } };
      if ((owner?.content.suspended ?? false) === suspended) return { outcome: { result: 'unchanged', ids } };
      const writes = firestore.batch();
      writeOwner(database, writes, document, owner, change);
      const action = suspended ? 'user.suspended' : 'user.resumed';
      audit(database, writes, { at: now, actor: by, action, userId, reason });
      made = { result: 'changed', ids };
      return { outcome: made, writes };
    },
  });
}

/** Has all of an owner's keys refused, and its requests for keys. */
export async function suspend(database: Database, command: OwnerCommand): Promise<Suspension> {
  const { result, ids } = await setSuspended(database, command, true);
  return { changed: result === 'changed', ids };
}

/** Ends that. */
export async function resume(database: Database, command: OwnerCommand): Promise<ResumeOutcome> {
  const { result } = await setSuspended(database, command, false);
  return result === 'being_erased' ? result : ({ changed: 'resumed', unchanged: 'not_suspended' } as const)[result];
}
