import type { IdempotencyRecord } from '@andamio/keys/idempotency';
import * as z from 'zod';

/** The fields of a stored idempotency record. The type of its times depends on the store. */
export function idempotencyFields<Time extends z.ZodType<number>>(time: Time) {
  return {
    body_digest: z.string(),
    nonce: z.string(),
    pepper_version: z.string(),
    serial: z.string(),
    created_at: time,
    expires_at: time,
    expires_in_days: z.number(),
    previous_expires_at: time.nullable(),
    remove_at: time,
  };
}

type StoredRecord = z.output<z.ZodObject<ReturnType<typeof idempotencyFields>>>;

/** Converts a stored row or document to an idempotency record. */
export function idempotencyRecordFrom(stored: StoredRecord): IdempotencyRecord {
  return {
    bodyDigest: stored.body_digest,
    nonce: stored.nonce,
    pepperVersion: stored.pepper_version,
    serial: stored.serial,
    createdAt: stored.created_at,
    expiresAt: stored.expires_at,
    expiresInDays: stored.expires_in_days,
    previousExpiresAt: stored.previous_expires_at,
    deleteAfter: stored.remove_at,
  };
}

/** Returns the fields of a stored idempotency record, with times in Unix seconds. */
export function storedIdempotencyRecord(record: IdempotencyRecord): StoredRecord {
  return {
    body_digest: record.bodyDigest,
    nonce: record.nonce,
    pepper_version: record.pepperVersion,
    serial: record.serial,
    created_at: record.createdAt,
    expires_at: record.expiresAt,
    expires_in_days: record.expiresInDays,
    previous_expires_at: record.previousExpiresAt,
    remove_at: record.deleteAfter,
  };
}
