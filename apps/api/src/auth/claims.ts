import { defaultTier } from '@andamio/schema/tiers';
import * as z from 'zod';
import type { Principal } from './principal.ts';

const controlCharacter = /\p{Cc}/u;

/**
 * A subject: 1 to 128 code points that can be stored, and not blank (service contract, "The JWT").
 */
const subject = z
  .string()
  .refine((sub) => sub.isWellFormed() && !controlCharacter.test(sub) && sub.trim() !== '' && [...sub].length <= 128);

/** RFC 7519 section 2: seconds, not necessarily whole. */
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
 * @param nowSeconds Unix time. An `iat` in the future counts as now; otherwise one wrong clock
 *   would fix an owner's tier forever.
 * @returns undefined if a claim is missing or of a wrong type.
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
