import { clockTolerance, type VerifySignature } from './signature-rules.ts';

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

let loading: Promise<typeof import('./jsonwebtoken.ts')> | undefined;

/**
 * Loads the module that verifies most tokens. It is loaded only once the service listens, because
 * requests with an API key do not need it. The promise is cached, because an `import()` takes
 * several microseconds even if the module is loaded.
 */
export function loadSignatures(): Promise<typeof import('./jsonwebtoken.ts')> {
  loading ??= import('./jsonwebtoken.ts');
  return loading;
}

/**
 * Verifies the signature and times of a token with one key, whose algorithm matches the token's.
 */
export const verifySignature: VerifySignature = async (token, key, nowSeconds) => {
  if (key.algorithm === 'EdDSA') return byJose(token, key, nowSeconds);
  const { byJsonwebtoken } = await loadSignatures();
  return byJsonwebtoken(token, key, nowSeconds);
};
