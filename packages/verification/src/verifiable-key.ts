import type { Tier } from '@andamio/schema/tiers';
import type { KeyId } from './digest.ts';

/**
 * The part of a stored key that verification needs, with its owner's tier and suspension. Times are
 * in Unix seconds.
 */
export interface VerifiableKey {
  readonly record: {
    /** The key id, under which the key is stored. */
    readonly id: KeyId;
    readonly userId: string;
    readonly name: string;
    readonly createdAt: number;
    readonly expiresAt: number;
  };
  readonly tier: Tier;
  /** Whether the owner is suspended. Keys of a suspended owner are invalid. */
  readonly suspended: boolean;
}

/**
 * Reports whether a stored key has expired.
 *
 * @param now the current time in Unix milliseconds.
 */
export function isExpired({ record }: VerifiableKey, now: number): boolean {
  return record.expiresAt <= Math.floor(now / 1000);
}

/**
 * Reports whether a stored key is valid, which means that it has not expired and its owner is not
 * suspended.
 *
 * @param now the current time in Unix milliseconds.
 */
export function isValid(found: VerifiableKey, now: number): boolean {
  return !found.suspended && !isExpired(found, now);
}

/**
 * A function that finds the key stored under one of the given ids, in one round trip.
 *
 * @param ids ids of the same API key, one for each pepper.
 */
export type FindKey<Found extends VerifiableKey = VerifiableKey> = (
  ids: readonly KeyId[],
) => Promise<Found | undefined>;
