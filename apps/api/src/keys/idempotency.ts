import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { makeKey } from '@andamio/schema/key-format';
import type { Pepper } from '@andamio/schema/settings';
import { secondsPerDay } from '@andamio/schema/timestamps';

/** How long a request is known again, in seconds (service contract, "Beside the contract"). */
const remembered = secondsPerDay;

/** What names a request that its client may repeat: the owner, the operation, and the key that the client chose for it. */
export interface RepeatableRequest {
  readonly userId: string;
  readonly operation: 'request' | 'rotate' | 'roll';
  /** `Idempotency-Key`; nowhere stored. */
  readonly idempotencyKey: string;
}

/** A request of this moment, for the store to compare with what it remembers. */
export interface Attempt extends RepeatableRequest {
  /** SHA-256 of the body as understood, defaults included, hex. */
  readonly bodyDigest: string;
  /** What a secret is derived with; random, base64url. */
  readonly nonce: string;
}

/** What is remembered of a request that was answered with 200, the secret excepted. Times are Unix seconds. */
export interface Memory {
  readonly bodyDigest: string;
  readonly nonce: string;
  /** The version of the pepper that the secret was derived from. */
  readonly pepperVersion: string;
  /** Of the secret that the answer is about. */
  readonly serial: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly expiresInDays: number;
  /** Of an answer that says when the secret before ends. */
  readonly previousExpiresAt: number | null;
  /** From when on the request is a new one. */
  readonly forgetAt: number;
}

/** Why a repeated request is not answered again. */
export type RepetitionRefusal = 'idempotency_key_reused' | 'idempotency_key_outdated';

/** An outcome that is not new: the answer to the same request before. */
export interface Repetition {
  readonly repeated: { readonly attempt: Attempt; readonly memory: Memory };
}

/** The attempt that a request is, for one that its client may repeat. */
export function attemptOf(request: RepeatableRequest, body: readonly (string | number | null)[]): Attempt {
  return {
    ...request,
    bodyDigest: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    nonce: randomBytes(32).toString('base64url'),
  };
}

/** What to remember of an attempt that was made at `now`. */
export function memoryOf(
  { bodyDigest, nonce }: Attempt,
  now: number,
  answer: Omit<Memory, 'bodyDigest' | 'nonce' | 'forgetAt' | 'previousExpiresAt'> & {
    readonly previousExpiresAt?: number;
  },
): Memory {
  const { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt = null } = answer;
  const facts = { pepperVersion, serial, createdAt, expiresAt, expiresInDays, previousExpiresAt };
  return { bodyDigest, nonce, ...facts, forgetAt: now + remembered };
}

/**
 * The rule of repeating (service contract, "Settled beside"), for stores to decide by before name and quota.
 *
 * @param memory as stored, or undefined where nothing is.
 * @param attempt undefined for a request that its client may not repeat.
 * @param currentSerial of the secret that the name stands for at present, if there is one.
 * @returns undefined for a request that is new.
 */
export function recalled(
  memory: Memory | undefined,
  attempt: Attempt | undefined,
  currentSerial: string | undefined,
  now: number,
): Repetition | RepetitionRefusal | undefined {
  if (attempt === undefined || memory === undefined || memory.forgetAt <= now) return undefined;
  if (memory.bodyDigest !== attempt.bodyDigest) return 'idempotency_key_reused';
  return memory.serial === currentSerial ? { repeated: { attempt, memory } } : 'idempotency_key_outdated';
}

/** Makes the key that belongs to a request, the same each time. */
export type DeriveKey = (request: RepeatableRequest, source: Pick<Memory, 'pepperVersion' | 'nonce'>) => string;

/**
 * Makes what derives keys: HKDF-SHA256 (RFC 5869) of the pepper, with the nonce as salt and the request as info. Who holds the
 * database but no pepper can derive nothing, also one who knows the `Idempotency-Key`.
 *
 * @throws from what it returns: Error for a version of a pepper that is not configured.
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
