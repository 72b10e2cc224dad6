import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { makeKey } from '@andamio/schema/key-format';
import type { Pepper } from '@andamio/schema/settings';
import { secondsPerDay } from '@andamio/schema/timestamps';

/** How long a request is replayed, in seconds (service contract, "Beside the contract"). */
const replayedFor = secondsPerDay;

/** What identifies a request that a client may repeat. */
export interface IdempotencyScope {
  readonly userId: string;
  readonly operation: 'request' | 'rotate' | 'roll';
  /** The `Idempotency-Key` header; never stored. */
  readonly idempotencyKey: string;
}

/** A request with an `Idempotency-Key`, for the store to compare with its idempotency record. */
export interface IdempotentRequest extends IdempotencyScope {
  /** SHA-256 of the parsed body, defaults included, in hex. */
  readonly bodyDigest: string;
  /** The salt that a secret is derived with; random, base64url. */
  readonly nonce: string;
}

/**
 * A request that was answered with 200, and its answer without the secret. Times are Unix seconds.
 */
export interface IdempotencyRecord {
  readonly bodyDigest: string;
  readonly nonce: string;
  /** The version of the pepper that the secret was derived from. */
  readonly pepperVersion: string;
  /** The serial of the answer's secret. */
  readonly serial: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expiresInDays: number;
  /** Null unless the answer says when the previous secret expires. */
  readonly previousExpiresAt: number | null;
  /** From this instant on the same request is a new one. */
  readonly deleteAfter: number;
}

/** Why a repeated request is not replayed. */
export type ReplayRefusal = 'idempotency_key_reused' | 'idempotency_key_outdated';

/** The outcome of a repeated request: the answer to the first one. */
export interface Replay {
  readonly replayed: { readonly request: IdempotentRequest; readonly record: IdempotencyRecord };
}

/** Creates the idempotent request for a parsed body. */
export function idempotentRequest(
  scope: IdempotencyScope,
  body: readonly (string | number | null)[],
): IdempotentRequest {
  return {
    ...scope,
    bodyDigest: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    nonce: randomBytes(32).toString('base64url'),
  };
}

/** The part of an answer that an idempotency record holds. */
export type RecordedAnswer = Omit<IdempotencyRecord, 'bodyDigest' | 'nonce' | 'deleteAfter' | 'previousExpiresAt'> & {
  readonly previousExpiresAt?: number;
};

/** Creates the record of a request that is answered at `now`. */
export function idempotencyRecordOf(
  { bodyDigest, nonce }: IdempotentRequest,
  now: number,
  answer: RecordedAnswer,
): IdempotencyRecord {
  const { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt = null } = answer;
  const facts = { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt };
  return { bodyDigest, nonce, ...facts, deleteAfter: now + replayedFor };
}

/**
 * Decides whether a request repeats an earlier one (service contract, "Settled beside").
 *
 * @param record as stored, or undefined if there is none.
 * @param currentSerial the serial of the name's current secret, if there is one.
 * @returns undefined for a new request.
 */
export function replayOf(
  record: IdempotencyRecord | undefined,
  request: IdempotentRequest,
  currentSerial: string | undefined,
  now: number,
): Replay | ReplayRefusal | undefined {
  if (record === undefined || record.deleteAfter <= now) return undefined;
  if (record.bodyDigest !== request.bodyDigest) return 'idempotency_key_reused';
  return record.serial === currentSerial ? { replayed: { request, record } } : 'idempotency_key_outdated';
}

/** Derives the key that belongs to a request: the same key each time. */
export type DeriveKey = (scope: IdempotencyScope, source: Pick<IdempotencyRecord, 'pepperVersion' | 'nonce'>) => string;

/**
 * Creates a key deriver: HKDF-SHA256 (RFC 5869) of the pepper, with the nonce as salt and the
 * request as info. An attacker with the database but no pepper can derive nothing, even with the
 * `Idempotency-Key`.
 *
 * @throws from the returned function: Error for a pepper version that is not configured.
 */
export function createKeyDeriver(peppers: readonly Pepper[]): DeriveKey {
  const secrets = new Map<string, KeyObject>(
    peppers.map(({ version, secret }) => [version, createSecretKey(secret)] as const),
  );
  return ({ userId, operation, idempotencyKey }, { pepperVersion, nonce }) => {
    const secret = secrets.get(pepperVersion);
    if (secret === undefined) throw new Error(`There is no pepper of the version ${pepperVersion} any more.`);
    let block = 0;
    return makeKey((length) => {
      const info = JSON.stringify(['andamio-api/repeatable-key/v1', userId, operation, idempotencyKey, block++]);
      return new Uint8Array(hkdfSync('sha256', secret, Buffer.from(nonce, 'base64url'), info, length));
    });
  };
}
