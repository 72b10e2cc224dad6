import { type Tier, tiers } from '@andamio/schema/tiers';
import type { TierClaim } from './model.ts';

/** Who asks for something of its own, and by what right. */
export interface Owner {
  readonly userId: string;
  /** The display name that the token has, if any. */
  readonly alias?: string | undefined;
  readonly tier: Tier;
  /** When the token that named the tier was issued, Unix seconds. */
  readonly tokenIssuedAt: number;
}

/** What the owner's token says of its tier. */
export function tierClaimOf({ tier, tokenIssuedAt }: Owner): TierClaim {
  return { tier, issuedAt: tokenIssuedAt };
}

/**
 * Returns whether a claim replaces the known one: it is newer, even if it names the same tier,
 * since a third claim may fall between them. Of two claims of the same second the one counts that
 * came last.
 */
export function isNews(claim: TierClaim, known: TierClaim): boolean {
  if (claim.issuedAt === known.issuedAt) return claim.tier !== known.tier;
  return claim.issuedAt > known.issuedAt;
}

/**
 * Returns the tier that counts for an owner: that of the newest claim, so that a token from before
 * a downgrade allows no more than the new tier does.
 *
 * @param known what is stored of the owner; undefined before the first key.
 */
export function effectiveTier(claim: TierClaim, known: TierClaim | undefined): Tier {
  return known === undefined || isNews(claim, known) ? claim.tier : known.tier;
}

/** Returns how many unexpired keys an owner of a tier may hold. */
export function maximumKeysOf(tier: Tier): number {
  return tiers[tier].maximumKeys;
}
