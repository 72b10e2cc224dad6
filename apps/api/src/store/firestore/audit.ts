import { randomUUID } from 'node:crypto';
import { collections } from '@andamio/schema/firestore-layout';
import { parseContent, time } from '@andamio/verification/firestore/key-document';
import type { WriteBatch } from '@google-cloud/firestore';
import * as z from 'zod';
import { type AuditEntry, actorKinds, auditActions, erasedUserId } from '../../keys/audit.ts';
import { StoreUnavailableError } from '../../keys/store.ts';
import { readStep } from './counts.ts';
import type { Database } from './database.ts';

/** Adds an entry to the audit log to the batch of the change. */
export function audit({ firestore, write }: Database, batch: WriteBatch, entry: AuditEntry): void {
  batch.create(firestore.collection(collections.audit.id).doc(randomUUID()), write.audit(entry));
}

const auditDocument = z.object({
  at: time,
  actor_kind: z.enum(actorKinds),
  actor_id: z.string().nullable(),
  action: z.enum(auditActions),
  user_id: z.string(),
  name: z.string().nullable(),
  key_id: z.string().nullable(),
  reason: z.string().nullable(),
});

/**
 * Returns a user's entries, the newest first. They are sorted here: an index on times would be a
 * hot spot.
 */
export async function readAudit({ firestore }: Database, userId: string): Promise<AuditEntry[]> {
  const entries = firestore.collection(collections.audit.id);
  const found = entries.where('user_id', 'in', [userId, erasedUserId(userId)]);
  const { docs } = await readStep(() => found.get());
  return docs
    .map((document) => parseContent(auditDocument, document))
    .map(({ at, actor_kind: kind, actor_id: id, action, user_id, name, key_id, reason }) => ({
      at,
      actor: { kind, ...(id !== null && { id }) },
      action,
      userId: user_id,
      ...(name !== null && { name }),
      ...(key_id !== null && { keyId: key_id }),
      ...(reason !== null && { reason }),
    }))
    .toSorted((one, other) => other.at - one.at);
}

/** Returns whether there is an entry for the revocation of a secret with one of the ids. */
export async function wasRevoked({ firestore }: Database, ids: readonly string[]): Promise<boolean> {
  // A key has few entries; an index on both fields would cost more than it saves.
  const query = firestore.collection(collections.audit.id).where('key_id', 'in', ids).select('action');
  const { docs } = await query.get().catch((cause: unknown) => {
    throw new StoreUnavailableError('Firestore could not be read.', { cause });
  });
  return docs.some((entry) => entry.get('action') === 'key.revoked');
}
