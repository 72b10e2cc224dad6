import type { Tier } from '@andamio/schema/tiers';

/** What is known of a key by its id. Times are Unix seconds. */
export interface FoundKey {
  readonly record: {
    /** The digest that the key is stored under. */
    readonly id: string;
    readonly userId: string;
    readonly name: string;
    readonly createdAt: number;
    readonly expiresAt: number;
  };
  /** The owner's tier. */
  readonly tier: Tier;
  /** Whether the owner may use no key at present. */
  readonly suspended?: boolean;
}

/**
 * Says whether a key that was found is good.
 *
 * @param now Unix milliseconds.
 */
export function isGood({ record, suspended }: FoundKey, now: number): boolean {
  return suspended !== true && record.expiresAt > Math.floor(now / 1000);
}

/**
 * Reads the key that is stored under one of the ids, in one round trip.
 *
 * @param ids digests of one key, one for each pepper.
 */
export type FindKey<Found extends FoundKey = FoundKey> = (ids: readonly string[]) => Promise<Found | undefined>;
