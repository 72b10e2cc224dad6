import jwt from 'jsonwebtoken';

/** The secret that the services of the tests verify tokens with. */
export const jwtSecret = 'a secret of the tests that is long enough for HS256';

/** A token that the services of the tests accept for an hour, unless the claims say otherwise. */
export function tokenFor(sub: string, claims: Record<string, unknown> = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  return jwt.sign({ sub, tier: 'enterprise', iat, exp: iat + 3600, ...claims }, jwtSecret, { algorithm: 'HS256' });
}
