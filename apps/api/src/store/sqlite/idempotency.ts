import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type {
  IdempotencyRecord,
  IdempotencyScope,
  IdempotentRequest,
} from '@andamio/keys/idempotency';
import * as z from 'zod';
import { prepare } from './statement.ts';

const recordRow = z.object({
  body_digest: z.string(),
  nonce: z.string(),
  pepper_version: z.string(),
  serial: z.string(),
  created_at: z.number(),
  expires_at: z.number(),
  expires_in_days: z.number(),
  previous_expires_at: z.number().nullable(),
  remove_at: z.number(),
});

function idOf({ userId, operation, idempotencyKey }: IdempotencyScope): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, operation, idempotencyKey]))
    .digest('hex');
}

/** Prepares the statements for the table of idempotency records. */
export function idempotencyTable(database: DatabaseSync) {
  const columns =
    'id, user_id, body_digest, nonce, pepper_version, serial, created_at, expires_at, expires_in_days, ' +
    'previous_expires_at, remove_at';
  const find = prepare(database, `SELECT ${columns} FROM idempotency WHERE id = :id`);
  const put = prepare(
    database,
    `
    INSERT OR REPLACE INTO idempotency (${columns})
    VALUES (:id, :userId, :bodyDigest, :nonce, :pepperVersion, :serial, :createdAt, :expiresAt, :expiresInDays,
      :previousExpiresAt, :deleteAfter)`,
  );
  const sweep = prepare(database, 'DELETE FROM idempotency WHERE remove_at <= :now');
  return {
    find(request: IdempotentRequest): IdempotencyRecord | undefined {
      const row = find.get({ id: idOf(request) });
      if (row === undefined) return undefined;
      const record = recordRow.parse(row);
      return {
        bodyDigest: record.body_digest,
        nonce: record.nonce,
        pepperVersion: record.pepper_version,
        serial: record.serial,
        createdAt: record.created_at,
        expiresAt: record.expires_at,
        expiresInDays: record.expires_in_days,
        previousExpiresAt: record.previous_expires_at,
        deleteAfter: record.remove_at,
      };
    },
    put(request: IdempotentRequest, record: IdempotencyRecord) {
      put.run({ id: idOf(request), userId: request.userId, ...record });
    },
    /** Deletes the idempotency records whose retention has passed. */
    sweep: (now: number) => sweep.run({ now }),
  };
}
