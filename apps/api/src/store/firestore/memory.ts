import { collections } from '@andamio/schema/firestore-layout';
import { time } from '@andamio/verification/firestore/key-document';
import type { DocumentReference, DocumentSnapshot, Firestore, Timestamp } from '@google-cloud/firestore';
import * as z from 'zod';
import type { Memory, RepeatableRequest } from '../../keys/idempotency.ts';
import { type Found, nameOf, parseDocument } from './documents.ts';

const memoryDocument = z
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
    (content): Memory => ({
      bodyDigest: content.body_digest,
      nonce: content.nonce,
      pepperVersion: content.pepper_version,
      serial: content.serial,
      createdAt: content.created_at,
      expiresAt: content.expires_at,
      expiresInDays: content.expires_in_days,
      previousExpiresAt: content.previous_expires_at,
      forgetAt: content.remove_at,
    }),
  );

/** Where a request that may be repeated is remembered. */
export function memoryDocumentOf(
  firestore: Firestore,
  { userId, operation, idempotencyKey }: RepeatableRequest,
): DocumentReference {
  return firestore.collection(collections.idempotency.id).doc(nameOf(userId, operation, idempotencyKey));
}

export const parseMemory = (snapshot: DocumentSnapshot): Found<Memory> | undefined =>
  parseDocument(memoryDocument, snapshot);

/** What is remembered, as its document has it. */
export function memoryFields(userId: string, memory: Memory, timestamp: (seconds: number) => Timestamp) {
  return {
    user_id: userId,
    body_digest: memory.bodyDigest,
    nonce: memory.nonce,
    pepper_version: memory.pepperVersion,
    serial: memory.serial,
    created_at: timestamp(memory.createdAt),
    expires_at: timestamp(memory.expiresAt),
    expires_in_days: memory.expiresInDays,
    previous_expires_at: memory.previousExpiresAt === null ? null : timestamp(memory.previousExpiresAt),
    remove_at: timestamp(memory.forgetAt),
  };
}
