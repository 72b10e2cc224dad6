import jwt from 'jsonwebtoken';

/** The secret that signs the tests' tokens. */
export const jwtSecret = 'a secret of the tests that is long enough for HS256';

/**
 * Creates a token that is valid for an hour. `claims` are added to the default claims or override
 * them.
 */
export function tokenFor(sub: string, claims: Record<string, unknown> = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  return jwt.sign({ sub, tier: 'enterprise', iat, exp: iat + 3600, ...claims }, jwtSecret, {
    algorithm: 'HS256',
  });
}
