import { secondsPerDay } from '@andamio/schema/timestamps';
import type { KeyDependencies } from './dependencies.ts';
import { expiryOf, isGone, isTooLate, removalOf } from './expiry.ts';
import { attemptOf, type RepetitionRefusal } from './idempotency.ts';
import { maximumKeysOf, type Owner, tierClaimOf } from './owner.ts';
import type { KeyStore, RotateCommand, RotateRefusal, Validity } from './store.ts';

/** How long before its expiry a key may be extended, in seconds (contract, part B). */
const rotatableBefore = secondsPerDay;

/**
 * The rule of extending (contract, parts B and C), for stores to decide by while nobody else can change the owner's keys.
 *
 * @param key as stored, or undefined where the owner holds none of that name.
 * @param hasPlace says whether there is a place for the key among the unexpired ones: its own, or a free one. A key loses its own by
 *   expiring, at the latest when another change has seen it expired: this one may have waited since before that.
 */
export function extended<Key extends Validity>(
  key: Key | undefined,
  { now, expiresInDays }: Pick<RotateCommand, 'now' | 'expiresInDays'>,
  hasPlace: (key: Key) => boolean,
): Validity | RotateRefusal {
  if (key === undefined || isGone(key, now)) return 'no_such_key';
  if (key.expiresAt - now > rotatableBefore) return 'not_yet_rotatable';
  const days = expiresInDays ?? key.expiresInDays;
  const expiresAt = expiryOf(Math.max(now, key.expiresAt), days);
  if (isTooLate(expiresAt)) return 'expiry_too_late';
  if (!hasPlace(key)) return 'key_limit_reached';
  return { expiresAt, expiresInDays: days, removeAt: removalOf(expiresAt) };
}

/** What an owner wants. */
export interface RotateWish {
  readonly name: string;
  /** Undefined for the key's own number again. */
  readonly expiresInDays: number | undefined;
  /** What the client would repeat the request with. */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Extends an owner's key that has expired or is about to. The same request again extends it no further.
 *
 * @returns until when the key is valid by this extension, Unix seconds.
 * @throws what {@link KeyStore.rotate} throws.
 */
export async function rotateKey(
  { store, now }: KeyDependencies,
  owner: Owner,
  { name, expiresInDays, idempotencyKey }: RotateWish,
): Promise<{ readonly expiresAt: number } | RotateRefusal | RepetitionRefusal> {
  const { userId } = owner;
  const outcome = await store.rotate({
    name,
    expiresInDays,
    userId,
    tierClaim: tierClaimOf(owner),
    maximumKeysOf,
    now: Math.floor(now() / 1000),
    attempt:
      idempotencyKey === undefined
        ? undefined
        : attemptOf({ userId, operation: 'rotate', idempotencyKey }, [name, expiresInDays ?? null]),
  });
  return typeof outcome !== 'string' && 'repeated' in outcome ? outcome.repeated.memory : outcome;
}
