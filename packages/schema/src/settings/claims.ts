// Schemas of the settings that describe an issuer's tokens (contract, "The token").
import * as z from 'zod';
import { type Scope, scopes } from '../operations/operation.ts';
import { type Tier, tiers } from '../tiers.ts';
import { plainText } from './rules.ts';

/** Matches a JSON Pointer with at least one reference token (RFC 6901 section 3). */
const jsonPointer = /^(\/([^/~]|~[01])*)+$/;

const isClaimName = (name: string) =>
  name !== '' && name.trim() === name && (!name.startsWith('/') || jsonPointer.test(name));

/**
 * The name of a claim. A name that begins with `/` is a JSON Pointer into the token's payload. Any
 * other name is taken literally, even if it contains dots, colons or slashes.
 */
export const claimName = plainText.refine(
  (name) => !name.startsWith('/') || jsonPointer.test(name),
  {
    error:
      'must be a JSON Pointer if it begins with /: ~ is written as ~0, and / within a name as ~1',
  },
);

/** Comma-separated values. A token must contain at least one of them. */
export const values = z
  .string()
  .transform((line) => line.split(','))
  .refine(
    (list) =>
      list.every((value) => value !== '' && value.trim() === value) &&
      new Set(list).size === list.length,
    { error: 'must be different values separated by commas, without white space around them' },
  );

/** Splits `NAME=TARGET` at the last `=`, because a name may be a URL that contains `=`. */
function parsePair<Target extends string>(
  pair: string,
  targets: readonly Target[],
): readonly [name: string, target: Target] | undefined {
  const separator = pair.lastIndexOf('=');
  const name = pair.slice(0, Math.max(0, separator));
  const target = targets.find((known) => known === pair.slice(separator + 1));
  return name === '' || name.trim() !== name || target === undefined ? undefined : [name, target];
}

/** Returns a schema for comma-separated `NAME=TARGET` pairs. */
function pairs<Target extends string>(targets: readonly Target[], label: string) {
  return z
    .string()
    .transform((line) => line.split(',').map((pair) => parsePair(pair, targets)))
    .refine((list) => !list.includes(undefined), {
      error: `must be NAME=${label} pairs separated by commas, ${label} one of: ${targets.join(', ')}`,
    })
    .transform((list) => list.filter((pair) => pair !== undefined));
}

/** Comma-separated `NAME=TIER` pairs. Each maps a tier name that the issuer uses to a tier. */
export const tierNames = pairs(Object.keys(tiers) as Tier[], 'TIER')
  .refine((list) => new Set(list.map(([name]) => name)).size === list.length, {
    error: 'must not map a name twice',
  })
  .transform((list): ReadonlyMap<string, Tier> => new Map(list));

/**
 * Comma-separated `NAME=SCOPE` pairs. Each maps a scope name that the issuer uses to a scope. A
 * name that appears in two pairs grants both scopes.
 */
export const scopeNames = pairs(scopes, 'SCOPE')
  .refine((list) => list.every(([name]) => !/\s/.test(name)), {
    error: 'must not have white space in a name: it separates the scopes of a token',
  })
  .refine((list) => new Set(list.map((pair) => pair.join('='))).size === list.length, {
    error: 'must not name a pair twice',
  })
  .transform((list): ReadonlyMap<string, readonly Scope[]> => {
    const granted = new Map<string, Scope[]>();
    for (const [name, scope] of list) granted.set(name, [...(granted.get(name) ?? []), scope]);
    return granted;
  });

/** A condition on a claim that every token must meet. */
export interface RequiredClaim {
  /** The claim's literal name, or a JSON Pointer. */
  readonly name: string;
  /**
   * The listed values. The claim must have one of them or, if `isExcluded` is true, none of them.
   */
  readonly values: readonly string[];
  /** True for the condition `NAME!=VALUE`. A token without the claim also meets this condition. */
  readonly isExcluded: boolean;
}

function parseCondition(text: string): RequiredClaim | undefined {
  const [, name = '', operator, value = ''] = /^([^=]*[^=!])(!?=)(.*)$/s.exec(text) ?? [];
  const isExcluded = operator === '!=';
  const alternatives = value.split('|');
  const isValid =
    isClaimName(name) &&
    alternatives.every((alternative) => alternative !== '' && alternative.trim() === alternative) &&
    !(isExcluded && alternatives.length > 1);
  return isValid ? { name, values: alternatives, isExcluded } : undefined;
}

/** Comma-separated conditions: `NAME=VALUE`, `NAME=VALUE|VALUE` or `NAME!=VALUE`. */
export const requiredClaims = z
  .string()
  .transform((line) => line.split(',').map(parseCondition))
  .refine((list) => !list.includes(undefined), {
    error:
      'must be conditions separated by commas, each NAME=VALUE, NAME=VALUE|VALUE or NAME!=VALUE, without white space around a part',
  })
  .transform((list) => list.filter((condition) => condition !== undefined));

/**
 * Issuers from which anyone can obtain a token for any audience. The list includes alternative
 * spellings of an issuer. Without a condition on another claim, anyone with such a token could use
 * the service.
 *
 * https://docs.github.com/actions/reference/security/oidc,
 * https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
 */
const publicIssuers = [
  'https://accounts.google.com',
  'accounts.google.com',
  'https://token.actions.githubusercontent.com',
];

export function isPublicIssuer(issuer: string): boolean {
  return publicIssuers.includes(issuer.replace(/\/$/, ''));
}

/**
 * Reports whether at least one of the conditions requires that a claim have a listed value. Returns
 * false if the conditions are undefined or invalid.
 */
export function requiresValue(conditions: string | undefined): boolean {
  return requiredClaims.safeParse(conditions).data?.some(({ isExcluded }) => !isExcluded) === true;
}
