import { tiers } from '@andamio/schema/tiers';
import { secondsPerDay } from '@andamio/schema/timestamps';
import type { KeyDependencies } from './dependencies.ts';
import { expiryOf, isGone, removalOf } from './expiry.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { KeyStore, RotateCommand, RotateOutcome, Validity } from './store.ts';

/** How long before its expiry a key may be extended, in seconds (contract, part B). */
const rotatableBefore = secondsPerDay;

/**
 * The rule of extending (contract, parts B and C), for stores to decide by while nobody else can change the owner's keys.
 *
 * @param key as stored, or undefined where the owner holds none of that name.
 * @param countHeld says how many unexpired keys the owner holds. Only a key that is revived needs a place among them.
 */
export function extended(
  key: Validity | undefined,
  { now, expiresInDays, maximumKeys }: Pick<RotateCommand, 'now' | 'expiresInDays' | 'maximumKeys'>,
  countHeld: () => number,
): RotateOutcome {
  if (key === undefined || isGone(key, now)) return 'no_such_key';
  if (key.expiresAt - now > rotatableBefore) return 'not_yet_rotatable';
  const days = expiresInDays ?? key.expiresInDays;
  const expiresAt = expiryOf(Math.max(now, key.expiresAt), days);
  if (expiresAt === undefined) return 'expiry_too_late';
  if (key.expiresAt <= now && countHeld() >= maximumKeys) return 'key_limit_reached';
  return { expiresAt, expiresInDays: days, removeAt: removalOf(expiresAt) };
}

/**
 * Extends an owner's key that has expired or is about to.
 *
 * @param wish the key's name, and the days by which it is extended; without them the key's own number again.
 * @throws what {@link KeyStore.rotate} throws.
 */
export function rotateKey(
  { store, now }: KeyDependencies,
  owner: Owner,
  wish: { readonly name: string; readonly expiresInDays: number | undefined },
): Promise<RotateOutcome> {
  return store.rotate({
    ...wish,
    userId: owner.userId,
    tierClaim: tierClaimOf(owner),
    maximumKeys: tiers[owner.tier].maximumKeys,
    now: Math.floor(now() / 1000),
  });
}
