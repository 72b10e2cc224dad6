import { isGone } from './expiry.ts';
import { attemptOf, type RepetitionRefusal } from './idempotency.ts';
import type { IssueKeyDependencies, NewKey } from './issue.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import { newSecret } from './secret.ts';
import type { KeyRecord, RollCommand, RollRefusal } from './store.ts';

/** A key after its roll: the new record, and until when the secret before is valid, Unix seconds. */
export interface Rolled {
  readonly record: KeyRecord;
  /** The id of the secret before. */
  readonly replacedId: string;
  /** Not later than the present where the secret before ends at once. */
  readonly previousExpiresAt: number;
}

/**
 * The rule of rolling (service contract, "Settled beside"), for stores to decide by while nobody else can change the owner's
 * keys: a new secret under the same name, the remaining validity kept.
 *
 * @param key as stored, or undefined where the owner holds none of that name.
 */
export function rolled(
  key: KeyRecord | undefined,
  { now, secret, graceSeconds }: Pick<RollCommand, 'now' | 'secret' | 'graceSeconds'>,
): Rolled | RollRefusal {
  if (key === undefined || isGone(key, now)) return 'no_such_key';
  if (key.expiresAt <= now) return 'key_expired';
  return {
    record: { ...key, ...secret, createdAt: now },
    replacedId: key.id,
    previousExpiresAt: Math.min(key.expiresAt, now + graceSeconds),
  };
}

/** What a roll gave: the new key, and until when the one before is valid, Unix seconds. */
export interface RolledKey extends NewKey {
  readonly previousExpiresAt: number;
}

/** What an owner wants. */
export interface RollWish {
  readonly name: string;
  /** How long the secret before stays valid, in seconds. */
  readonly graceSeconds: number;
  /** What the client would repeat the request with. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Gives an owner's key a new secret. The one before stays valid for the grace, the one before that ends. The same request
 * again gets the same key.
 *
 * @throws what {@link KeyStore.roll} throws.
 */
export async function rollKey(
  dependencies: IssueKeyDependencies,
  owner: Owner,
  { name, graceSeconds, idempotencyKey }: RollWish,
): Promise<RolledKey | RollRefusal | RepetitionRefusal> {
  const { store, deriveKey, now } = dependencies;
  const { userId } = owner;
  const attempt =
    idempotencyKey === undefined
      ? undefined
      : attemptOf({ userId, operation: 'roll', idempotencyKey }, [name, graceSeconds]);
  const { key, secret } = newSecret(dependencies, attempt);
  const outcome = await store.roll({
    userId,
    name,
    graceSeconds,
    secret,
    tierClaim: tierClaimOf(owner),
    now: Math.floor(now() / 1000),
    attempt,
  });
  if (typeof outcome === 'string') return outcome;
  if (!('repeated' in outcome)) {
    return { key, facts: outcome.record, previousExpiresAt: outcome.previousExpiresAt };
  }
  const { attempt: first, memory } = outcome.repeated;
  const { previousExpiresAt } = memory;
  if (previousExpiresAt === null)
    throw new Error('What is remembered of a roll does not say when the secret before ends.');
  return { key: deriveKey(first, memory), facts: { ...memory, name }, previousExpiresAt };
}
