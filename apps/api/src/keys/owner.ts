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
