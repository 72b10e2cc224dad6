import type { ClaimSettings, RequiredClaim } from '@andamio/schema/settings';
import { isTier, type Tier, tiers } from '@andamio/schema/tiers';
import * as z from 'zod';
import { claimReader } from './claim-path.ts';
import type { Principal } from './principal.ts';
import type { TokenRefusal } from './refusals.ts';

const controlCharacter = /\p{Cc}/u;

/**
 * A subject: 1 to 128 code points, not blank, without control characters or lone surrogates
 * (contract, "The token"). The same rules apply if a claim other than `sub` identifies the owner.
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

/** The claims of a token, under names that state their meaning. */
const tokenClaims = z.object({
  subject,
  exp: numericDate,
  iat: numericDate.default(0),
  /** The name of the tier, or a list of names, some of which may be tiers. */
  tier: names.optional(),
  /** The scopes, separated by spaces (RFC 8693 section 4.2) or in a list. */
  scope: names.optional(),
  /**
   * Rejects logout tokens, the only tokens with the claim `events` (OpenID Connect Back-Channel
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

/** Creates a function that returns the tier of a token, or undefined if the tier is unknown. */
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
 * Creates a function that returns the scopes of a token, or undefined if the token is not
 * restricted to scopes.
 */
function createScopeReader({ scopes: aliases, scopeRequired }: ClaimSettings) {
  return (claim: Names | undefined): ReadonlySet<string> | undefined => {
    if (claim === undefined) return scopeRequired ? new Set() : undefined;
    const scopes = typeof claim === 'string' ? claim.split(' ') : claim;
    return new Set(scopes.flatMap((name) => aliases.get(name) ?? name));
  };
}

/**
 * Creates a function that reports whether a payload meets a condition. A list or an object cannot
 * be compared, so a claim with such a value fails every condition.
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
 * The accepted issuers and audiences. A token must have one of the issuers and one of the
 * audiences. A list that is undefined accepts every value.
 */
export interface ExpectedParties {
  readonly issuers: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
}

/**
 * Reports whether an audience claim contains an expected audience. The claim is a string or a list
 * (RFC 7519 section 4.1.3).
 */
function isFor(audiences: readonly string[], claim: unknown): boolean {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.some((audience) => audiences.some((expected) => expected === audience));
}

/**
 * Reads the claims of a token whose signature and times have been verified.
 *
 * @param nowSeconds the current time in Unix seconds. It replaces an `iat` in the future.
 *   Otherwise, one issuer with a wrong clock could fix an owner's tier forever.
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
