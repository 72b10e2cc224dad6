import { isUtf8 } from 'node:buffer';
import type { ClaimSettings } from '@andamio/schema/settings';
import * as z from 'zod';
import { createClaimsReader, type ExpectedParties } from './claims.ts';
import type { Principal } from './principal.ts';
import type { TokenRefusal } from './refusals.ts';
import { verifySignature } from './signatures.ts';
import type { VerificationKeys } from './signing-keys.ts';

/**
 * Returns the algorithm that a key must have for a token with the given `alg`. `Ed25519` is the
 * newer name of EdDSA with that curve (RFC 9864).
 */
const algorithmOf = (alg: string) => (alg === 'Ed25519' ? 'EdDSA' : alg);

const absent = z.never().optional();

/**
 * Matches the types of tokens that may identify a user: a JWT, or an access token (RFC 9068 section
 * 2.1). Media types are case-insensitive, and `application/` may be omitted (RFC 7515 section
 * 4.1.9).
 */
const tokenType = /^(application\/)?(at\+)?jwt$/i;

/**
 * The header of a token. A header that contains a key or requires an extension (`crit`) is refused,
 * because only this service decides which key and algorithm verify a token (RFC 8725 sections 3.1
 * and 3.10).
 */
const header = z.object({
  alg: z.string(),
  kid: z.string().optional(),
  typ: z.string().regex(tokenType).optional(),
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

export interface TokenRules extends ExpectedParties {
  readonly keys: VerificationKeys;
  readonly claims: ClaimSettings;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Verifies a compact JWT. Resolves to the token's principal, or to the reason for refusing the
 * token.
 */
export type VerifyToken = (token: string) => Promise<Principal | TokenRefusal>;

/**
 * Creates the verifier of tokens (RFC 7519, RFC 8725; contract, "The token").
 *
 * @throws SigningKeysUnavailableError, from the verifier, if the keys for a token could not be
 *   fetched.
 */
export function createTokenVerifier({ keys, claims, now, ...parties }: TokenRules): VerifyToken {
  const readClaims = createClaimsReader(parties, claims);
  const algorithms: readonly string[] = keys.algorithms;

  return async (token) => {
    const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
    const parsedHeader = header.safeParse(parseJson(decodePart(headerPart)));
    const payload = decodePart(payloadPart);
    const wellFormed =
      payload !== undefined && isUtf8(payload) && decodePart(signaturePart) !== undefined;
    if (!parsedHeader.success || !wellFormed || more.length > 0) return 'malformed';
    const algorithm = algorithmOf(parsedHeader.data.alg);
    if (!algorithms.includes(algorithm)) return 'algorithm';

    const nowSeconds = now() / 1000;
    let refusal: TokenRefusal = 'unknown_key';
    for await (const key of keys.find(parsedHeader.data)) {
      if (key.algorithm !== algorithm) continue;
      const verified = await verifySignature(token, key, nowSeconds);
      if (typeof verified === 'object') return readClaims(verified, nowSeconds);
      refusal = verified;
      // After any other refusal the signature is valid, so no other key can change the result.
      if (refusal !== 'signature') return refusal;
    }
    return refusal;
  };
}
