import jwt from 'jsonwebtoken';
import type { TokenRefusal } from './refusals.ts';
import type { VerificationKey } from './signing-keys.ts';

/**
 * Maximum difference in seconds between the clocks of the issuer and the service (contract, "The
 * token").
 */
const clockTolerance = 5;

/**
 * Verifies the signature of a token, and its times `nbf` and `exp` if they are present.
 *
 * @param nowSeconds the current time in Unix seconds.
 * @returns the payload, or the reason for refusing the token.
 */
type VerifySignature = (
  token: string,
  key: VerificationKey,
  nowSeconds: number,
) => Promise<object | TokenRefusal>;

/**
 * Returns the reason for which jsonwebtoken refused a token. Only the error message contains the
 * reason (jsonwebtoken 9, verify.js).
 */
function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof jwt.TokenExpiredError) return 'expired';
  if (error instanceof jwt.NotBeforeError) return 'not_yet_valid';
  const { message } = error as Error;
  if (message.startsWith('invalid exp') || message.startsWith('invalid nbf')) return 'claims';
  return message === 'jwt malformed' || message === 'invalid token' ? 'malformed' : 'signature';
}

const byJsonwebtoken: VerifySignature = async (token, { key, algorithm }, nowSeconds) => {
  try {
    const payload = jwt.verify(token, key, {
      algorithms: [algorithm as jwt.Algorithm],
      clockTolerance,
      clockTimestamp: nowSeconds,
    });
    return typeof payload === 'object' ? payload : 'claims';
  } catch (error) {
    return refusalOf(error);
  }
};

/**
 * Verifies tokens that are signed with EdDSA, which jsonwebtoken 9 does not support. Loads jose for
 * the first such token.
 */
const byJose: VerifySignature = async (token, { key }, nowSeconds) => {
  const { errors, jwtVerify } = await import('jose');
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA', 'Ed25519'],
      clockTolerance,
      currentDate: new Date(nowSeconds * 1000),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'expired';
    if (error instanceof errors.JWTClaimValidationFailed)
      return error.claim === 'nbf' && error.reason === 'check_failed' ? 'not_yet_valid' : 'claims';
    return error instanceof errors.JWSSignatureVerificationFailed ? 'signature' : 'malformed';
  }
};

/**
 * Verifies the signature and times of a token with one key, whose algorithm matches the token's.
 */
export const verifySignature: VerifySignature = (token, key, nowSeconds) =>
  (key.algorithm === 'EdDSA' ? byJose : byJsonwebtoken)(token, key, nowSeconds);
