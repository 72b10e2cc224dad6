import type { Tier } from '@andamio/schema/tiers';

/** A stored key with its owner's tier and suspension. Times are in Unix seconds. */
export interface FoundKey {
  readonly record: {
    /** The key's digest, by which it is stored. */
    readonly id: string;
    readonly userId: string;
    readonly name: string;
    readonly createdAt: number;
    readonly expiresAt: number;
  };
  /** The owner's tier. */
  readonly tier: Tier;
  /** Whether the owner is suspended, so that none of their keys is valid. */
  readonly suspended?: boolean;
}

/**
 * Reports whether a stored key is valid: neither expired nor of a suspended owner.
 *
 * @param now the current time in Unix milliseconds.
 */
export function isValid({ record, suspended }: FoundKey, now: number): boolean {
  return suspended !== true && record.expiresAt > Math.floor(now / 1000);
}

/**
 * Finds the key stored under one of the given ids, in one round trip.
 *
 * @param ids digests of one key, one for each pepper.
 */
export type FindKey<Found extends FoundKey = FoundKey> = (ids: readonly string[]) => Promise<Found | undefined>;
