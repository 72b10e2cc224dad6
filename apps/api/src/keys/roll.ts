import { randomUUID } from 'node:crypto';
import { keyStart, makeKey } from '@andamio/schema/key-format';
import { isGone } from './expiry.ts';
import type { IssueKeyDependencies, NewKey } from './issue.ts';
import { type Owner, tierClaimOf } from './owner.ts';
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

/**
 * Gives an owner's key a new secret. The one before stays valid for the grace, the one before that ends.
 *
 * @param wish the key's name, and the grace in seconds.
 * @throws what {@link KeyStore.roll} throws.
 */
export async function rollKey(
  { store, digester, now }: IssueKeyDependencies,
  owner: Owner,
  wish: { readonly name: string; readonly graceSeconds: number },
): Promise<RolledKey | RollRefusal> {
  const key = makeKey();
  const outcome = await store.roll({
    userId: owner.userId,
    ...wish,
    tierClaim: tierClaimOf(owner),
    now: Math.floor(now() / 1000),
    secret: {
      id: digester.digest(key),
      serial: randomUUID(),
      start: keyStart(key),
      pepperVersion: digester.pepperVersion,
    },
  });
  return typeof outcome === 'string' ? outcome : { key, ...outcome };
}
