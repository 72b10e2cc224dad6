import { isUtf8 } from 'node:buffer';
import jwt from 'jsonwebtoken';
import * as z from 'zod';
import { readClaims } from './claims.ts';
import type { Principal } from './principal.ts';
import type { TokenRefusal } from './refusals.ts';
import type { VerificationKeys } from './signing-keys.ts';

/**
 * Maximum difference in seconds between the clocks of the issuer and the service (service contract,
 * "The JWT").
 */
const clockTolerance = 5;

const absent = z.never().optional();

/**
 * The header of a token. A header that contains a key or requires an extension (`crit`) is refused,
 * because only this service decides which key and algorithm verify a token (RFC 8725 sections 3.1
 * and 3.10).
 */
const header = z.object({
  alg: z.string(),
  kid: z.string().optional(),
  crit: absent,
  jwk: absent,
  jku: absent,
  x5u: absent,
  x5c: absent,
});

/**
 * Decodes one part of a compact token. Returns undefined if the part is not canonical base64url, so
 * that each token has only one spelling.
 */
function decodePart(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parseJson(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

export interface TokenRules {
  readonly keys: VerificationKeys;
  /** The required issuer, compared exactly. Undefined to accept any issuer. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}

/** Verifies a compact JWT. Resolves to its principal, or to the reason for refusing it. */
export type VerifyToken = (token: string) => Promise<Principal | TokenRefusal>;

/**
 * Returns the reason for which the library refused a token. Only the error message contains the
 * reason (jsonwebtoken 9, verify.js).
 */
function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof jwt.TokenExpiredError) return 'expired';
  if (error instanceof jwt.NotBeforeError) return 'not_yet_valid';
  const { message } = error as Error;
  if (message.startsWith('jwt issuer')) return 'issuer';
  if (message.startsWith('jwt audience')) return 'audience';
  if (message.startsWith('invalid exp') || message.startsWith('invalid nbf')) return 'claims';
  return message === 'jwt malformed' || message === 'invalid token' ? 'malformed' : 'signature';
}

/**
 * Creates the verifier of tokens (RFC 7519, RFC 8725; service contract, "The JWT").
 *
 * @throws SigningKeysUnavailableError, from the verifier, if the keys for a token could not be
 *   fetched.
 */
export function createTokenVerifier({ keys, issuer, audience, now }: TokenRules): VerifyToken {
  const expected = {
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };

  return async (token) => {
    const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
    const parsedHeader = header.safeParse(parseJson(decodePart(headerPart)));
    const payload = decodePart(payloadPart);
    const wellFormed =
      payload !== undefined && isUtf8(payload) && decodePart(signaturePart) !== undefined;
    if (!parsedHeader.success || !wellFormed || more.length > 0) return 'malformed';
    if (!keys.algorithms.includes(parsedHeader.data.alg)) return 'algorithm';

    const nowSeconds = now() / 1000;
    let refusal: TokenRefusal = 'unknown_key';
    for await (const { key, algorithm } of keys.find(parsedHeader.data)) {
      if (algorithm !== parsedHeader.data.alg) continue;
      try {
        const claims = jwt.verify(token, key, {
          ...expected,
          algorithms: [algorithm],
          clockTolerance,
          clockTimestamp: nowSeconds,
        });
        return readClaims(claims, nowSeconds) ?? 'claims';
      } catch (error) {
        refusal = refusalOf(error);
        // After any other refusal the signature is valid, so no other key can change the result.
        if (refusal !== 'signature') return refusal;
      }
    }
    return refusal;
  };
}
