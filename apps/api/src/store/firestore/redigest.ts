import { randomUUID } from 'node:crypto';
import { isGone } from '../../keys/expiry.ts';
import type { KeyRecord, RedigestCommand, RedigestOutcome } from '../../keys/store.ts';
import { audit } from './audit.ts';
import { settle } from './contest.ts';
import { type Database, put } from './database.ts';
import { documentsOf, keyDocumentOf } from './documents.ts';
import { readSecrets, type SecretsView } from './secrets-view.ts';
import { writeOwner } from './write-owner.ts';

/**
 * Gives a secret the document of its new digest in place of the one before, and writes the new one wherever that stood.
 *
 * @param found the secret as it was found; owner, name and serial of it never change.
 */
export function redigest(
  database: Database,
  { userId, name: keyName, serial }: KeyRecord,
  { from, to, now }: RedigestCommand,
): Promise<RedigestOutcome> {
  const { firestore, write } = database;
  const documents = documentsOf(firestore, { userId, name: keyName });
  const mark = randomUUID();
  return settle<SecretsView, RedigestOutcome>({
    read: () => readSecrets(database, documents),
    decide({ owner, name, current, previous }) {
      if (owner?.content.attempts.includes(mark)) return { outcome: 'redigested' };
      const key = [current, previous].find((secret) => secret?.content.record.serial === serial);
      const record = key?.content.record;
      if (key === undefined || record?.id !== from || isGone(record, now)) return { outcome: 'no_such_key' };

      const { superseded } = key.content;
      const writes = firestore.batch();
      const listed = { [to.id]: record.expiresAt };
      const standing = writeOwner(database, writes, documents.owner, owner, {
        userId,
        now,
        ...(superseded ? { supersede: listed } : { put: listed }),
        drop: [from],
        attempt: mark,
      });
      put(writes, documents.name, superseded ? { previous_id: to.id } : { key_id: to.id }, name);
      const renewed = write.key({ record: { ...record, ...to }, ...standing });
      put(writes, keyDocumentOf(firestore, to.id), { ...renewed, superseded }, undefined);
      writes.delete(keyDocumentOf(firestore, from), { lastUpdateTime: key.updateTime });
      const entry = { at: now, actor: { kind: 'service' }, action: 'key.redigested', userId, name: keyName } as const;
      audit(database, writes, { ...entry, keyId: to.id });
      return { outcome: 'redigested', writes };
    },
  });
}
