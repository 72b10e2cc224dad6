import type { Owner } from '@andamio/keys/owner';
import type { Scope } from '@andamio/schema/operations';
import type { Tier } from '@andamio/schema/tiers';

/** The user of a verified token. The request may still be refused: see {@link permit}. */
export interface Principal {
  readonly userId: string;
  /** The display name, if the token has one. */
  readonly alias: string | undefined;
  /** The tier according to the token. Undefined if the tier is unknown. */
  readonly tier: Tier | undefined;
  /**
   * The scopes of the token. Undefined if the token permits every operation, as a user's own
   * session does.
   */
  readonly scopes: ReadonlySet<string> | undefined;
  /** When the token was issued, in Unix seconds. Never later than now. */
  readonly tokenIssuedAt: number;
}

/** The reasons for denying an operation to a principal. */
export type PermissionRefusal = 'unknown_tier' | 'insufficient_scope';

/**
 * Authorizes a principal for an operation that requires the given scope. Returns the owner or a
 * refusal.
 */
export function permit(principal: Principal, scope: Scope): Owner | PermissionRefusal {
  const { userId, alias, tier, tokenIssuedAt } = principal;
  if (tier === undefined) return 'unknown_tier';
  if (principal.scopes?.has(scope) === false) return 'insufficient_scope';
  return { userId, alias, tier, tokenIssuedAt };
}
