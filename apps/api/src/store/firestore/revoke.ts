import { randomUUID } from 'node:crypto';
import { collections } from '@andamio/schema/firestore-layout';
import { type RevokeCommand, type RevokedKey, type RevokeOutcome, revoked } from '../../keys/revoke.ts';
import { type KeyRecord, StoreUnavailableError } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { settle } from './contest.ts';
import { type Database, put } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { readSecrets, type SecretsView } from './secrets-view.ts';
import { writeOwner } from './write-owner.ts';

/** Reports whether the audit log holds the revocation of a secret with one of the ids. */
export async function wasRevoked({ firestore }: Database, ids: readonly string[]): Promise<boolean> {
  // A key has few entries; an index on both fields would cost more than it saves.
  const query = firestore.collection(collections.audit.id).where('key_id', 'in', ids).select('action');
  const { docs } = await query.get().catch((cause: unknown) => {
    throw new StoreUnavailableError('Firestore could not be read.', { cause });
  });
  return docs.some((entry) => entry.get('action') === 'key.revoked');
}

/**
 * Ends one secret of a name, as the domain's rule says.
 *
 * @param found the secret as it was found; owner, name and serial of it never change.
 */
export function revoke(
  database: Database,
  { userId, name: keyName, serial }: KeyRecord,
  { by, reason, now }: RevokeCommand,
): Promise<RevokeOutcome> {
  const { firestore, write } = database;
  const documents = documentsOf(firestore, { userId, name: keyName });
  const mark = randomUUID();
  let made: RevokedKey | undefined;
  return settle<SecretsView, RevokeOutcome>({
    read: () => readSecrets(database, documents),
    decide({ owner, name, current, previous }) {
      if (made !== undefined && owner?.content.attempts.includes(mark)) return { outcome: made };
      const secrets = { current: current?.content.record, previous: previous?.content.record };
      const revocation = revoked(secrets, serial, now);
      if (revocation === 'no_such_key') return { outcome: revocation };
      const { ended, left } = revocation;
      const restored = left === 'current' ? undefined : left;

      const writes = firestore.batch();
      writeOwner(database, writes, documents.owner, owner, {
        userId,
        now,
        ...(restored !== undefined && { put: { [restored.id]: restored.expiresAt } }),
        drop: [ended.id, ...(restored === undefined ? [] : [restored.id])],
        attempt: mark,
      });
      writes.delete(keyDocumentOf(firestore, ended.id));
      if (left === 'current') {
        put(writes, documents.name, { previous_id: null }, name);
      } else if (restored !== undefined) {
        put(writes, documents.name, write.name(restored, null), name);
        put(writes, keyDocumentOf(firestore, restored.id), write.restored(restored), previous);
      } else {
        writes.delete(documents.name);
        if (secrets.previous !== undefined) writes.delete(keyDocumentOf(firestore, secrets.previous.id));
      }
      audit(database, writes, {
        at: now,
        actor: by,
        action: 'key.revoked',
        userId,
        name: keyName,
        keyId: ended.id,
        reason,
      });
      made = { id: ended.id, userId, name: keyName, ids: [ended.id] };
      return { outcome: made, writes };
    },
  });
}
