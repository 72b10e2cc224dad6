import type { Tier } from '@andamio/schema/tiers';
import { claimTier } from './claim-tier.ts';
import { isRemoved } from './expiry.ts';
import type { KeyRecord, TierClaim } from './model.ts';
import { effectiveTier, isNews, type Owner, tierClaimOf } from './owner.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/** An owner's tier and keys, as GET /api/v1/user/me lists them. */
export interface KeyList {
  /** When the owner's first key was issued, in Unix seconds. Undefined if none was issued. */
  readonly since: number | undefined;
  /** The tier of the owner's newest claim, including the claim of this request's token. */
  readonly tier: Tier;
  /** The unexpired keys, oldest first. Keys created in the same second are sorted by name. */
  readonly active: readonly KeyRecord[];
  /**
   * The expired keys that can still be rotated, at most {@link listedExpiredKeys}. The most
   * recently expired come first. Keys that expired in the same second are sorted by name.
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
 * Stores the tier claim of an owner's token if it is newer than the stored claim. Returns the tier
 * of the newer claim.
 */
export async function noteTierClaim(
  store: KeyStore,
  owner: Owner,
  stored: TierClaim | undefined,
  now: number,
): Promise<Tier> {
  const tierClaim = tierClaimOf(owner);
  if (stored !== undefined && isNews(tierClaim, stored))
    await claimTier(store, { userId: owner.userId, tierClaim, now });
  return effectiveTier(tierClaim, stored);
}

/**
 * Lists an owner's keys (contract, parts B and C). If the token's tier claim is newer than the
 * stored claim, the new tier is stored and applies to the keys from then on (contract, "The
 * token").
 *
 * @throws the same errors as {@link KeyStore.list} and {@link KeyStore.transact}.
 */
export async function listKeys({ store, now }: KeyDependencies, owner: Owner): Promise<KeyList> {
  const nowSeconds = Math.floor(now() / 1000);
  const { userId } = owner;
  const { since, tierClaim, keys } = await store.list(userId, nowSeconds);
  const tier = await noteTierClaim(store, owner, tierClaim, nowSeconds);
  const held = keys.filter((key) => !isRemoved(key, nowSeconds));
  return {
    since,
    tier,
    active: held.filter(({ expiresAt }) => expiresAt > nowSeconds).toSorted(oldestFirst),
    expired: held.filter(({ expiresAt }) => expiresAt <= nowSeconds).toSorted(lastExpiredFirst),
  };
}
