import jwt from 'jsonwebtoken';
import type { TokenRefusal } from './refusals.ts';
import { clockTolerance, type VerifySignature } from './signature-rules.ts';

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

export const byJsonwebtoken: VerifySignature = async (token, { key, algorithm }, nowSeconds) => {
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
