import type { Scope } from '@andamio/schema/operations';
import { isTier, type Tier } from '@andamio/schema/tiers';
import type { Owner } from '../keys/owner.ts';

/** The user of a verified token. The request may still be refused: see {@link permit}. */
export interface Principal {
  readonly userId: string;
  /** The display name, if the token has one. */
  readonly alias: string | undefined;
  /** The tier as the token names it, known or not. */
  readonly tierClaim: string;
  /** Undefined for a user's own session, which is allowed every operation. */
  readonly scopes: ReadonlySet<string> | undefined;
  /** Unix seconds, never later than now. */
  readonly tokenIssuedAt: number;
}

/** Why a principal is not allowed an operation. */
export type PermissionRefusal = 'unknown_tier' | 'insufficient_scope';

/** Returns the tier that a principal's token names. Undefined if it is not known. */
export function tierOf(principal: Principal): Tier | undefined {
  return isTier(principal.tierClaim) ? principal.tierClaim : undefined;
}

/**
 * Authorizes a principal for an operation that requires the given scope. Returns the owner or a
 * refusal.
 */
export function permit(principal: Principal, scope: Scope): Owner | PermissionRefusal {
  const tier = tierOf(principal);
  if (tier === undefined) return 'unknown_tier';
  if (principal.scopes?.has(scope) === false) return 'insufficient_scope';
  return { userId: principal.userId, alias: principal.alias, tier, tokenIssuedAt: principal.tokenIssuedAt };
}
