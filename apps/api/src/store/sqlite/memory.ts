import { createHash } from 'node:crypto';
import {
  type Attempt,
  type Memory,
  memoryOf,
  type RepeatableRequest,
  type Repetition,
  type RepetitionRefusal,
  recalled,
} from '../../keys/idempotency.ts';
import type { Statements } from './statements.ts';

function idOf({ userId, operation, idempotencyKey }: RepeatableRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, operation, idempotencyKey]))
    .digest('hex');
}

/** A row of the table. Its columns are STRICT: what is in them has the type that they say. */
interface MemoryRow {
  readonly body_digest: string;
  readonly nonce: string;
  readonly pepper_version: string;
  readonly serial: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly expires_in_days: number;
  readonly previous_expires_at: number | null;
  readonly remove_at: number;
}

function find(statements: Statements, attempt: Attempt): Memory | undefined {
  const row = statements.findMemory.get(idOf(attempt)) as MemoryRow | undefined;
  if (row === undefined) return undefined;
  return {
    bodyDigest: row.body_digest,
    nonce: row.nonce,
    pepperVersion: row.pepper_version,
    serial: row.serial,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    expiresInDays: row.expires_in_days,
    previousExpiresAt: row.previous_expires_at,
    forgetAt: row.remove_at,
  };
}

/**
 * What an earlier request of the same `Idempotency-Key` was answered; undefined for a request that is new.
 *
 * @param currentSerial of the secret that the name stands for at present, if there is one.
 */
export function recall(
  statements: Statements,
  attempt: Attempt | undefined,
  currentSerial: string | undefined,
  now: number,
): Repetition | RepetitionRefusal | undefined {
  return attempt && recalled(find(statements, attempt), attempt, currentSerial, now);
}

/** Keeps what is remembered of a request that its client may repeat, within the transaction of the change. */
export function remember(
  statements: Statements,
  attempt: Attempt | undefined,
  now: number,
  answer: Parameters<typeof memoryOf>[2],
): void {
  if (attempt === undefined) return;
  const memory = memoryOf(attempt, now, answer);
  statements.putMemory.run(
    idOf(attempt),
    attempt.userId,
    memory.bodyDigest,
    memory.nonce,
    memory.pepperVersion,
    memory.serial,
    memory.createdAt,
    memory.expiresAt,
    memory.expiresInDays,
    memory.previousExpiresAt,
    memory.forgetAt,
  );
}
