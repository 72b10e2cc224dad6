import type { IdempotencyRecord, IdempotencyScope } from '@andamio/keys/idempotency';
import { collections } from '@andamio/schema/firestore-layout';
import { time } from '@andamio/verification/firestore/key-document';
import type {
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Timestamp,
} from '@google-cloud/firestore';
import * as z from 'zod';
import { type Found, nameOf, parseDocument } from './documents.ts';

const recordDocument = z
  .object({
    body_digest: z.string(),
    nonce: z.string(),
    pepper_version: z.string(),
    serial: z.string(),
    created_at: time,
    expires_at: time,
    expires_in_days: z.number(),
    previous_expires_at: time.nullable(),
    remove_at: time,
  })
  .transform(
    (content): IdempotencyRecord => ({
      bodyDigest: content.body_digest,
      nonce: content.nonce,
      pepperVersion: content.pepper_version,
      serial: content.serial,
      createdAt: content.created_at,
      expiresAt: content.expires_at,
      expiresInDays: content.expires_in_days,
      previousExpiresAt: content.previous_expires_at,
      deleteAfter: content.remove_at,
    }),
  );

/** Returns the document of a request's idempotency record. */
export function recordDocumentOf(
  firestore: Firestore,
  { userId, operation, idempotencyKey }: IdempotencyScope,
): DocumentReference {
  return firestore
    .collection(collections.idempotency.id)
    .doc(nameOf(userId, operation, idempotencyKey));
}

export const parseRecord = (snapshot: DocumentSnapshot): Found<IdempotencyRecord> | undefined =>
  parseDocument(recordDocument, snapshot);

/** Returns the fields of an idempotency record's document. */
export function recordFields(
  userId: string,
  record: IdempotencyRecord,
  timestamp: (seconds: number) => Timestamp,
) {
  return {
    user_id: userId,
    body_digest: record.bodyDigest,
    nonce: record.nonce,
    pepper_version: record.pepperVersion,
    serial: record.serial,
    created_at: timestamp(record.createdAt),
    expires_at: timestamp(record.expiresAt),
    expires_in_days: record.expiresInDays,
    previous_expires_at:
      record.previousExpiresAt === null ? null : timestamp(record.previousExpiresAt),
    remove_at: timestamp(record.deleteAfter),
  };
}
