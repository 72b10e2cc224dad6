import type { Scope } from '@andamio/schema/operations';
import { isTier, type Tier } from '@andamio/schema/tiers';
import type { Owner } from '../keys/owner.ts';

/** Whom a good token names. It may still be refused: see {@link permit}. */
export interface Principal {
  readonly userId: string;
  /** The display name, if the token has one. */
  readonly alias: string | undefined;
  /** As the token has it; maybe no tier at all. */
  readonly tierClaim: string;
  /** Undefined for a user's own session, which may do everything of its own. */
  readonly scopes: ReadonlySet<string> | undefined;
  /** Unix seconds; never later than the present. */
  readonly tokenIssuedAt: number;
}

/** Why a principal may not do something. */
export type PermissionRefusal = 'unknown_tier' | 'insufficient_scope';

/** The tier that a principal's token names, if it is one. */
export function tierOf(principal: Principal): Tier | undefined {
  return isTier(principal.tierClaim) ? principal.tierClaim : undefined;
}

/** Says whether a principal may do what takes the given scope; if so, as whom. */
export function permit(principal: Principal, scope: Scope): Owner | PermissionRefusal {
  const tier = tierOf(principal);
  if (tier === undefined) return 'unknown_tier';
  if (principal.scopes?.has(scope) === false) return 'insufficient_scope';
  return { userId: principal.userId, alias: principal.alias, tier, tokenIssuedAt: principal.tokenIssuedAt };
}
