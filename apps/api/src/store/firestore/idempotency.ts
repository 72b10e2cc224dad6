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
import {
  idempotencyFields,
  idempotencyRecordFrom,
  storedIdempotencyRecord,
} from '../idempotency-record.ts';
import { type Found, nameOf, parseDocument } from './documents.ts';

const recordDocument = z.object(idempotencyFields(time)).transform(idempotencyRecordFrom);

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
  const stored = storedIdempotencyRecord(record);
  const { created_at, expires_at, previous_expires_at, remove_at } = stored;
  return {
    ...stored,
    user_id: userId,
    created_at: timestamp(created_at),
    expires_at: timestamp(expires_at),
    previous_expires_at: previous_expires_at === null ? null : timestamp(previous_expires_at),
    remove_at: timestamp(remove_at),
  };
}
