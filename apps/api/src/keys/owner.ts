import type { Tier } from '@andamio/schema/tiers';
import type { TierClaim } from './store.ts';

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
 * Whether a token says what is not known yet: it is newer than the one that counts, also where it names the same tier, since one in
 * between may name another. Of two of the same second the one counts that came last.
 */
export function isNews(claim: TierClaim, known: TierClaim): boolean {
  if (claim.issuedAt === known.issuedAt) return claim.tier !== known.tier;
  return claim.issuedAt > known.issuedAt;
}
