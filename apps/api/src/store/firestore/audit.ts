import { randomUUID } from 'node:crypto';
import { type AuditEntry, erasedUserId } from '@andamio/keys/audit';
import { collections } from '@andamio/schema/firestore-layout';
import { parseContent, time } from '@andamio/verification/firestore/key-document';
import type { WriteBatch } from '@google-cloud/firestore';
import * as z from 'zod';
import { auditEntryOf, auditFields } from '../audit-entry.ts';
import { readStep } from './counts.ts';
import type { Database } from './database.ts';
import { documentsWhere } from './query.ts';

/** Adds an audit entry to the batch that writes the change. */
export function audit({ firestore, write }: Database, batch: WriteBatch, entry: AuditEntry): void {
  batch.create(firestore.collection(collections.audit.id).doc(randomUUID()), write.audit(entry));
}

const auditDocument = z.object({ at: time, ...auditFields });

/**
 * Returns a user's entries in the audit log, newest first. The entries are sorted in memory,
 * because an index on times would be a hotspot.
 */
export async function readAudit({ firestore }: Database, userId: string): Promise<AuditEntry[]> {
  const users = [userId, erasedUserId(userId)];
  const found = documentsWhere(firestore, collections.audit, 'user_id', 'in', users);
  const { docs } = await readStep(() => found.get());
  return docs
    .map((document) => auditEntryOf(parseContent(auditDocument, document)))
    .toSorted((one, other) => other.at - one.at);
}

const actionOfDocument = z.object({ action: auditFields.action });

/** Reports whether the audit log contains the revocation of a secret with one of the ids. */
export async function wasRevoked(
  { firestore }: Database,
  ids: readonly string[],
): Promise<boolean> {
  // A key has few entries; an index on both fields would cost more than it saves.
  const query = documentsWhere(firestore, collections.audit, 'key_id', 'in', ids).select('action');
  const { docs } = await query.get();
  return docs.some((entry) => parseContent(actionOfDocument, entry).action === 'key.revoked');
}
