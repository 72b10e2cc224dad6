import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type {
  IdempotencyRecord,
  IdempotencyScope,
  IdempotentRequest,
} from '@andamio/keys/idempotency';
import * as z from 'zod';
import {
  idempotencyFields,
  idempotencyRecordFrom,
  storedIdempotencyRecord,
} from '../idempotency-record.ts';
import { prepare } from './statement.ts';

const recordRow = z.object(idempotencyFields(z.number()));

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
    VALUES (:id, :user_id, :body_digest, :nonce, :pepper_version, :serial, :created_at, :expires_at, :expires_in_days,
      :previous_expires_at, :remove_at)`,
  );
  const sweep = prepare(database, 'DELETE FROM idempotency WHERE remove_at <= :now');
  return {
    find(request: IdempotentRequest): IdempotencyRecord | undefined {
      const row = find.get({ id: idOf(request) });
      if (row === undefined) return undefined;
      return idempotencyRecordFrom(recordRow.parse(row));
    },
    put(request: IdempotentRequest, record: IdempotencyRecord) {
      put.run({ id: idOf(request), user_id: request.userId, ...storedIdempotencyRecord(record) });
    },
    /** Deletes the idempotency records whose retention has passed. */
    sweep: (now: number) => sweep.run({ now }),
  };
}
