import { randomUUID } from 'node:crypto';
import { collections } from '@andamio/schema/firestore-layout';
import type { WriteBatch } from '@google-cloud/firestore';
import type { AuditEntry } from '../../keys/audit.ts';
import type { Database } from './database.ts';

/** Adds an entry of the audit log to the batch of the change. */
export function audit({ firestore, write }: Database, batch: WriteBatch, entry: AuditEntry): void {
  batch.create(firestore.collection(collections.audit.id).doc(randomUUID()), write.audit(entry));
}
