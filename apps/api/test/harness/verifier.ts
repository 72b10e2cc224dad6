import { type Environment, parseSettings } from '@andamio/schema/settings';
import type { VerificationKeys } from '../../src/auth/signing-keys.ts';
import { createTokenVerifier, type VerifyToken } from '../../src/auth/verify-token.ts';

/**
 * Creates a verifier of tokens with the given keys and settings, such as `JWT_TIER_CLAIM`. Settings
 * that are not given have their defaults.
 */
export function verifierOf(
  keys: VerificationKeys,
  environment: Environment = {},
  now: () => number = Date.now,
): VerifyToken {
  const parsed = parseSettings(environment);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return createTokenVerifier({ ...parsed.settings.jwt, keys, now });
}
