import { defaultTier } from '@andamio/schema/tiers';
import * as z from 'zod';
import type { Principal } from './principal.ts';

const controlCharacter = /\p{Cc}/u;

/**
 * A subject: 1 to 128 code points, not blank, without control characters and lone surrogates
 * (service contract, "The JWT").
 */
const subject = z
  .string()
  .refine(
    (sub) =>
      sub.isWellFormed() &&
      !controlCharacter.test(sub) &&
      sub.trim() !== '' &&
      [...sub].length <= 128,
  );

/** A NumericDate (RFC 7519 section 2): Unix seconds, not necessarily an integer. */
const numericDate = z.number();

const claims = z.object({
  sub: subject,
  exp: numericDate,
  iat: numericDate.default(0),
  alias: z.string().optional(),
  tier: z.string().default(defaultTier),
  scope: z.string().optional(),
});

/**
 * Reads the claims of a verified token.
 *
 * @param nowSeconds the current time in Unix seconds. An `iat` in the future is replaced with it.
 *   Otherwise one issuer with a wrong clock could fix an owner's tier forever.
 * @returns undefined if a claim is missing or invalid.
 */
export function readClaims(payload: unknown, nowSeconds: number): Principal | undefined {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) return undefined;
  const { sub, iat, alias, tier, scope } = parsed.data;
  return {
    userId: sub,
    alias,
    tierClaim: tier,
    scopes: scope === undefined ? undefined : new Set(scope.split(' ')),
    tokenIssuedAt: Math.max(0, Math.floor(Math.min(iat, nowSeconds))),
  };
}
