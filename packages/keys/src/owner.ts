import { type Tier, tiers } from '@andamio/schema/tiers';
import type { TierClaim } from './model.ts';

/** The user who makes a request, with the rights that the token grants. */
export interface Owner {
  readonly userId: string;
  /** The display name in the token, if it has one. */
  readonly alias?: string | undefined;
  readonly tier: Tier;
  /** When the token was issued, in Unix seconds. */
  readonly tokenIssuedAt: number;
}

/** Returns the tier claim of an owner's token. */
export function tierClaimOf({ tier, tokenIssuedAt }: Owner): TierClaim {
  return { tier, issuedAt: tokenIssuedAt };
}

/**
 * Reports whether a tier claim replaces the known one. A newer claim replaces it even if the tier
 * is the same, so that a claim that was issued between the two but arrives last does not change the
 * tier. Of two claims issued in the same second, the one that arrives last counts.
 */
export function isNews(claim: TierClaim, known: TierClaim): boolean {
  if (claim.issuedAt === known.issuedAt) return claim.tier !== known.tier;
  return claim.issuedAt > known.issuedAt;
}

/**
 * Returns the tier that applies to an owner: the tier of the newest claim. A token issued before a
 * downgrade therefore allows no more than the new tier does.
 *
 * @param known the stored claim. Undefined if the owner has never had a key.
 */
export function effectiveTier(claim: TierClaim, known: TierClaim | undefined): Tier {
  return known === undefined || isNews(claim, known) ? claim.tier : known.tier;
}

/** Returns the maximum number of unexpired keys for a tier. */
export function maximumKeysOf(tier: Tier): number {
  return tiers[tier].maximumKeys;
}
