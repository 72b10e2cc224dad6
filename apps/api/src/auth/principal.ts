import type { Owner } from '@andamio/keys/owner';
import type { Scope } from '@andamio/schema/operations';
import { isTier, type Tier } from '@andamio/schema/tiers';

/** The user of a verified token. The request may still be refused: see {@link permit}. */
export interface Principal {
  readonly userId: string;
  /** The display name, if the token has one. */
  readonly alias: string | undefined;
  /** The tier that the token names, which may be unknown. */
  readonly tierClaim: string;
  /**
   * The scopes of the token. Undefined for a user's own session, which may perform every operation.
   */
  readonly scopes: ReadonlySet<string> | undefined;
  /** When the token was issued, in Unix seconds. Never later than now. */
  readonly tokenIssuedAt: number;
}

/** The reasons for refusing a principal an operation. */
export type PermissionRefusal = 'unknown_tier' | 'insufficient_scope';

/** Returns the tier that a principal's token names. Undefined if the tier is unknown. */
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
  return {
    userId: principal.userId,
    alias: principal.alias,
    tier,
    tokenIssuedAt: principal.tokenIssuedAt,
  };
}
