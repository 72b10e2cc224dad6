import type { Tier } from '@andamio/schema/tiers';
import { claimTier } from './claim-tier.ts';
import type { KeyDependencies } from './dependencies.ts';
import { isRemoved } from './expiry.ts';
import type { KeyRecord } from './model.ts';
import { effectiveTier, isNews, type Owner, tierClaimOf } from './owner.ts';
import type { KeyStore } from './store.ts';

/** An owner's keys. */
export interface KeyList {
  /** When the owner's first key was issued, Unix seconds; undefined before that. */
  readonly since: number | undefined;
  /** The tier that the newest token named, this one included. */
  readonly tier: Tier;
  /** Oldest first, by name within a second. */
  readonly active: readonly KeyRecord[];
  /**
   * Those that can still be extended, at most {@link listedExpiredKeys}: the last expired first, by
   * name within a second.
   */
  readonly expired: readonly KeyRecord[];
}

function oldestFirst(one: KeyRecord, other: KeyRecord): number {
  return one.createdAt - other.createdAt || (one.name < other.name ? -1 : 1);
}

function lastExpiredFirst(one: KeyRecord, other: KeyRecord): number {
  return other.expiresAt - one.expiresAt || (one.name < other.name ? -1 : 1);
}

/**
 * Lists the keys that an owner holds (contract, parts B and C). From then on they have the tier
 * that its newest token names (service contract, "Settled beside").
 *
 * @throws what {@link KeyStore.list} and {@link KeyStore.transact} throw.
 */
export async function listKeys({ store, now }: KeyDependencies, owner: Owner): Promise<KeyList> {
  const present = Math.floor(now() / 1000);
  const { userId } = owner;
  const { since, tierClaim, keys } = await store.list(userId, present);
  if (tierClaim !== undefined && isNews(tierClaimOf(owner), tierClaim)) {
    await claimTier(store, { userId, tierClaim: tierClaimOf(owner), now: present });
  }
  const held = keys.filter((key) => !isRemoved(key, present));
  return {
    since,
    tier: effectiveTier(tierClaimOf(owner), tierClaim),
    active: held.filter(({ expiresAt }) => expiresAt > present).toSorted(oldestFirst),
    expired: held.filter(({ expiresAt }) => expiresAt <= present).toSorted(lastExpiredFirst),
  };
}
