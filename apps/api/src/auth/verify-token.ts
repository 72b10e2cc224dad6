import { isUtf8 } from 'node:buffer';
import jwt from 'jsonwebtoken';
import * as z from 'zod';
import { readClaims } from './claims.ts';
import type { Principal } from './principal.ts';
import type { TokenRefusal } from './refusals.ts';
import type { VerificationKeys } from './signing-keys.ts';

/** Seconds by which the clocks of issuer and service may differ (service contract, "The JWT"). */
const clockTolerance = 5;

const absent = z.never().optional();

/**
 * The header of a token. A header that contains a key, or demands an extension (`crit`), is
 * refused: which key and algorithm verify is decided by this service (RFC 8725 sections 3.1 and
 * 3.10).
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
 * Decodes one part of a compact token, strictly, so that a token has one spelling. Undefined if it
 * is not base64url.
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
  /** Compared exactly when set. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}

/** Verifies a compact JWT. Resolves to the principal that it names, or to why it is refused. */
export type VerifyToken = (token: string) => Promise<Principal | TokenRefusal>;

/**
 * Returns why the library refused a token. Only its messages say so (jsonwebtoken 9, verify.js).
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
 * @throws from the verifier: SigningKeysUnavailableError if the keys for a token could not be
 *   fetched.
 */
export function createTokenVerifier({ keys, issuer, audience, now }: TokenRules): VerifyToken {
  const expected = { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) };

  return async (token) => {
    const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
    const parsedHeader = header.safeParse(parseJson(decodePart(headerPart)));
    const payload = decodePart(payloadPart);
    const wellFormed = payload !== undefined && isUtf8(payload) && decodePart(signaturePart) !== undefined;
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
        if (refusal !== 'signature') return refusal; // The signature is valid, so no other key can change the result.
      }
    }
    return refusal;
  };
}
