import type { ClaimSettings, RequiredClaim } from '@andamio/schema/settings';
import { isTier, type Tier, tiers } from '@andamio/schema/tiers';
import * as z from 'zod';
import { claimReader } from './claim-path.ts';
import type { Principal } from './principal.ts';
import type { TokenRefusal } from './refusals.ts';

const controlCharacter = /\p{Cc}/u;

/**
 * A subject: 1 to 128 code points, not blank, without control characters and lone surrogates
 * (contract, "The token"). The same rules apply if another claim than `sub` identifies the owner.
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

const absent = z.never().optional();

/** A string or a list of strings. */
const names = z.union([z.string(), z.array(z.string())]);

/** The claims of a token, by their meaning. */
const tokenClaims = z.object({
  subject,
  exp: numericDate,
  iat: numericDate.default(0),
  /** The tier, or names of which some may be tiers. */
  tier: names.optional(),
  /** The scopes, separated by spaces (RFC 8693 section 4.2) or in a list. */
  scope: names.optional(),
  /**
   * Rejects logout tokens, which are the only tokens with events (OpenID Connect Back-Channel
   * Logout 1.0 section 2.4).
   */
  events: absent,
  /**
   * Rejects tokens that are bound to a key (RFC 7800), because the service cannot check the proof
   * of possession.
   */
  cnf: absent,
});

type Names = z.output<typeof names>;

/** The tiers from the lowest to the highest. */
const tierOrder = Object.keys(tiers) as Tier[];

/**
 * Returns a function that determines the tier of a token. It returns undefined if the tier is
 * unknown.
 */
function createTierReader({ tiers: aliases, defaultTier }: ClaimSettings) {
  const tierNamed = (name: string): Tier | undefined =>
    aliases.get(name) ?? (isTier(name) ? name : undefined);
  return (claim: Names | undefined): Tier | undefined => {
    if (typeof claim === 'string') return tierNamed(claim);
    // The other names in a list have other meanings, for example those of roles.
    const known = (claim ?? []).map(tierNamed);
    return tierOrder.findLast((tier) => known.includes(tier)) ?? defaultTier;
  };
}

/**
 * Returns a function that determines the scopes of a token. It returns undefined if the token is
 * not restricted to scopes.
 */
function createScopeReader({ scopes: aliases, scopeRequired }: ClaimSettings) {
  return (claim: Names | undefined): ReadonlySet<string> | undefined => {
    if (claim === undefined) return scopeRequired ? new Set() : undefined;
    const scopes = typeof claim === 'string' ? claim.split(' ') : claim;
    return new Set(scopes.flatMap((name) => aliases.get(name) ?? name));
  };
}

/**
 * Returns a function that reports whether a payload meets a condition. A list or an object cannot
 * be compared, so it fails every condition.
 */
function createConditionCheck({ name, values, isExcluded }: RequiredClaim) {
  const read = claimReader(name);
  return (payload: object): boolean => {
    const value = read(payload) ?? undefined;
    if (value === undefined) return isExcluded;
    if (typeof value === 'object') return false;
    return values.includes(String(value)) !== isExcluded;
  };
}

/**
 * The issuers and audiences of which a token must have one. If undefined, any party is accepted.
 */
export interface ExpectedParties {
  readonly issuers: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
}

/** Reports whether an audience claim, a string or a list (RFC 7519 section 4.1.3), is expected. */
function isFor(audiences: readonly string[], claim: unknown): boolean {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.some((audience) => audiences.some((expected) => expected === audience));
}

/**
 * Reads the claims of a token whose signature and times have been verified.
 *
 * @param nowSeconds the current time in Unix seconds. An `iat` in the future is replaced with it.
 *   Otherwise one issuer with a wrong clock could fix an owner's tier forever.
 * @returns the principal, or the reason for refusing the token.
 */
export type ReadClaims = (payload: object, nowSeconds: number) => Principal | TokenRefusal;

/** Creates the reader of claims for the given settings (contract, "The token"). */
export function createClaimsReader(
  { issuers, audiences }: ExpectedParties,
  settings: ClaimSettings,
): ReadClaims {
  const readAudience = claimReader(settings.audience);
  const readIssuer = claimReader('iss');
  const readAlias = claimReader(settings.alias);
  const readSubject = claimReader(settings.subject);
  const readTier = claimReader(settings.tier);
  const readScope = claimReader(settings.scope);
  const tierOf = createTierReader(settings);
  const scopesOf = createScopeReader(settings);
  const conditions = settings.required.map(createConditionCheck);

  return (payload, nowSeconds) => {
    if (audiences !== undefined && !isFor(audiences, readAudience(payload))) return 'audience';
    const issuer = readIssuer(payload);
    if (issuers !== undefined && !issuers.some((expected) => expected === issuer)) return 'issuer';

    const { success, data } = tokenClaims.safeParse({
      ...payload,
      subject: readSubject(payload),
      // `null` counts as absent, because issuers send it for a user without the attribute.
      tier: readTier(payload) ?? undefined,
      scope: readScope(payload) ?? undefined,
    });
    if (!success || !conditions.every((isMet) => isMet(payload))) return 'claims';

    const alias = readAlias(payload);
    return {
      userId: data.subject,
      alias: typeof alias === 'string' ? alias : undefined,
      tier: tierOf(data.tier),
      scopes: scopesOf(data.scope),
      tokenIssuedAt: Math.max(0, Math.floor(Math.min(data.iat, nowSeconds))),
    };
  };
}
