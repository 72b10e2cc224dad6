import { isUtf8 } from 'node:buffer';
import jwt from 'jsonwebtoken';
import * as z from 'zod';
import { readClaims } from './claims.ts';
import type { Principal } from './principal.ts';
import type { FindVerificationKeys } from './signing-keys.ts';

/** Seconds by which the clocks of issuer and service may differ (service contract, "The JWT"). */
const clockTolerance = 5;

const absent = z.never().optional();

/**
 * The header of a token. Members that bring a key along, or demand an extension (`crit`), refuse it: which key and
 * algorithm verify is this service's to say (RFC 8725 sections 3.1 and 3.10).
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

/** Decodes one part of a compact token, strictly: one token has one spelling. Undefined if it is not base64url. */
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
  readonly findKeys: FindVerificationKeys;
  /** Compared exactly when set. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
}

/** Verifies a compact JWT. Resolves to undefined for every token that is not good, whatever is wrong with it. */
export type VerifyToken = (token: string) => Promise<Principal | undefined>;

/**
 * Makes the verifier of tokens (RFC 7519, RFC 8725; service contract, "The JWT").
 *
 * @throws from the verifier: SigningKeysUnavailableError when the keys of a token could not be fetched.
 */
export function createTokenVerifier({ findKeys, issuer, audience, now }: TokenRules): VerifyToken {
  const expected = { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) };

  return async (token) => {
    const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
    const parsedHeader = header.safeParse(parseJson(decodePart(headerPart)));
    const payload = decodePart(payloadPart);
    const wellFormed = payload !== undefined && isUtf8(payload) && decodePart(signaturePart) !== undefined;
    if (!parsedHeader.success || !wellFormed || more.length > 0) return undefined;

    const nowSeconds = now() / 1000;
    for (const { key, algorithm } of await findKeys(parsedHeader.data)) {
      if (algorithm !== parsedHeader.data.alg) continue;
      try {
        const claims = jwt.verify(token, key, {
          ...expected,
          algorithms: [algorithm],
          clockTolerance,
          clockTimestamp: nowSeconds,
        });
        return readClaims(claims, nowSeconds);
      } catch {
        // Not this key's, or not valid now: the next secret may still have signed it.
      }
    }
    return undefined;
  };
}
