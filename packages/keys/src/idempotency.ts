import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { makeKey } from '@andamio/schema/key-format';
import type { Pepper } from '@andamio/schema/settings';
import { secondsPerDay } from '@andamio/schema/timestamps';
import { deleteAfterOf } from './expiry.ts';
import type { NamedKey } from './model.ts';

/** Time, in seconds, for which a request can be replayed (contract, "Safe retries"). */
const replayedFor = secondsPerDay;

/** The identity of a request that a client may repeat. */
export interface IdempotencyScope {
  readonly userId: string;
  readonly operation: 'request' | 'rotate' | 'roll' | 'device';
  /** The `Idempotency-Key` header, or the code of a device login. It is never stored. */
  readonly idempotencyKey: string;
}

/**
 * A request with an `Idempotency-Key`, in the form that is compared with the stored idempotency
 * record.
 */
export interface IdempotentRequest extends IdempotencyScope {
  /** SHA-256 in hex of the parsed body, including defaults. */
  readonly bodyDigest: string;
  /** A random salt for deriving the secret, in base64url. */
  readonly nonce: string;
}

/** A successful request, and its answer without the secret. Times are Unix seconds. */
export interface IdempotencyRecord {
  readonly bodyDigest: string;
  readonly nonce: string;
  /** The version of the pepper from which the secret was derived. */
  readonly pepperVersion: string;
  /** The serial of the secret in the answer. */
  readonly serial: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expiresInDays: number;
  /** When the previous secret expires. Null unless the operation is a roll. */
  readonly previousExpiresAt: number | null;
  /** When the record expires. After that, the same request counts as new. */
  readonly deleteAfter: number;
}

/** The reasons for refusing a repeated request. */
export type ReplayRefusal = 'idempotency_key_reused' | 'idempotency_key_outdated';

/** The outcome of a repeated request: the answer to the original request. */
export interface Replay {
  readonly replayed: { readonly request: IdempotentRequest; readonly record: IdempotencyRecord };
}

/** An {@link IdempotencyScope} in which the `Idempotency-Key` may be missing. */
type PossibleScope = Omit<IdempotencyScope, 'idempotencyKey'> & {
  readonly idempotencyKey: string | undefined;
};

type Body = readonly (string | number | null)[];

/** Creates the idempotent request for a parsed body, if the client sent an `Idempotency-Key`. */
export function idempotentRequest(scope: IdempotencyScope, body: Body): IdempotentRequest;
export function idempotentRequest(scope: PossibleScope, body: Body): IdempotentRequest | undefined;
export function idempotentRequest(scope: PossibleScope, body: Body): IdempotentRequest | undefined {
  const { idempotencyKey } = scope;
  if (idempotencyKey === undefined) return undefined;
  return {
    ...scope,
    idempotencyKey,
    bodyDigest: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    nonce: randomBytes(32).toString('base64url'),
  };
}

/** The part of an answer that is stored in the idempotency record. */
export type RecordedAnswer = Omit<
  IdempotencyRecord,
  'bodyDigest' | 'nonce' | 'deleteAfter' | 'previousExpiresAt'
> & {
  readonly previousExpiresAt?: number;
};

/** Creates the idempotency record of a request that is answered at `now`, in Unix seconds. */
export function idempotencyRecordOf(
  { bodyDigest, nonce }: IdempotentRequest,
  now: number,
  answer: RecordedAnswer,
): IdempotencyRecord {
  const {
    pepperVersion,
    serial,
    createdAt,
    expiresAt,
    expiresInDays,
    previousExpiresAt = null,
  } = answer;
  const facts = { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt };
  return { bodyDigest, nonce, ...facts, deleteAfter: now + replayedFor };
}

/**
 * Decides whether a request is replayed (contract, "Safe retries").
 *
 * A key that was rolled can have its recorded secret again, if the new secret was revoked within
 * the grace time. It then expires when the grace time ends, earlier than the recorded answer says.
 * Only a roll makes the expiry of a secret earlier.
 *
 * @param record the stored idempotency record, if there is one.
 * @param current the key's current secret, if the key exists.
 * @returns undefined for a new request.
 */
export function replayOf(
  record: IdempotencyRecord | undefined,
  request: IdempotentRequest,
  current: NamedKey | undefined,
  now: number,
): Replay | ReplayRefusal | undefined {
  if (record === undefined || record.deleteAfter <= now) return undefined;
  if (record.bodyDigest !== request.bodyDigest) return 'idempotency_key_reused';
  const isCurrent =
    current !== undefined &&
    current.serial === record.serial &&
    current.deleteAfter >= deleteAfterOf(record.expiresAt);
  return isCurrent ? { replayed: { request, record } } : 'idempotency_key_outdated';
}

/** Derives the key for an idempotent request. A repeated request yields the same key. */
export type DeriveKey = (
  scope: IdempotencyScope,
  source: Pick<IdempotencyRecord, 'pepperVersion' | 'nonce'>,
) => string;

/**
 * Creates a key deriver: HKDF-SHA256 (RFC 5869) of the pepper, with the nonce as salt and the
 * request as info. An attacker who has the database but no pepper cannot derive a key, even with
 * the `Idempotency-Key`.
 *
 * @throws Error, from the returned function, if the pepper version is not configured.
 */
export function createKeyDeriver(peppers: readonly Pepper[]): DeriveKey {
  const secrets = new Map<string, KeyObject>(
    peppers.map(({ version, secret }) => [version, createSecretKey(secret)] as const),
  );
  return ({ userId, operation, idempotencyKey }, { pepperVersion, nonce }) => {
    const secret = secrets.get(pepperVersion);
    if (secret === undefined)
      throw new Error(`The pepper version ${pepperVersion} is not configured.`);
    let block = 0;
    return makeKey((length) => {
      const info = JSON.stringify([
        'andamio-api/repeatable-key/v1',
        userId,
        operation,
        idempotencyKey,
        block++,
      ]);
      return new Uint8Array(
        hkdfSync('sha256', secret, Buffer.from(nonce, 'base64url'), info, length),
      );
    });
  };
}
