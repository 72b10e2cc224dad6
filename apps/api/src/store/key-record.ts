import type { KeyRecord } from '@andamio/keys/model';
import type { KeyId } from '@andamio/verification/digest';
import * as z from 'zod';

/** The fields of a stored key, without its id. The type of its times depends on the store. */
export function keyFields<Time extends z.ZodType<number>>(time: Time) {
  return {
    serial: z.string(),
    user_id: z.string(),
    name: z.string(),
    start: z.string(),
    created_at: time,
    expires_at: time,
    expires_in_days: z.number(),
    pepper_version: z.string(),
    remove_at: time,
  };
}

type StoredKey = z.output<z.ZodObject<ReturnType<typeof keyFields>>>;

/** Converts a stored row or document to a key. */
export function keyRecordFrom(id: string, stored: StoredKey): KeyRecord {
  return {
    id: id as KeyId,
    serial: stored.serial,
    userId: stored.user_id,
    name: stored.name,
    start: stored.start,
    createdAt: stored.created_at,
    expiresAt: stored.expires_at,
    expiresInDays: stored.expires_in_days,
    pepperVersion: stored.pepper_version,
    deleteAfter: stored.remove_at,
  };
}

/** Returns the fields of a stored key, with times in Unix seconds. */
export function storedKey(record: KeyRecord): StoredKey {
  return {
    serial: record.serial,
    user_id: record.userId,
    name: record.name,
    start: record.start,
    created_at: record.createdAt,
    expires_at: record.expiresAt,
    expires_in_days: record.expiresInDays,
    pepper_version: record.pepperVersion,
    remove_at: record.deleteAfter,
  };
}
