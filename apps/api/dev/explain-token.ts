import { jwksKeys } from '../src/auth/jwks.ts';
import { permit } from '../src/auth/principal.ts';
import type { TokenRefusal } from '../src/auth/refusals.ts';
import { secretKeys } from '../src/auth/signing-keys.ts';
import { createTokenVerifier } from '../src/auth/verify-token.ts';
import type { CompleteSettings } from '../src/settings.ts';

type JwtSettings = CompleteSettings['jwt'];

/** What each reason means, and where to look. */
const explanations: Record<TokenRefusal, (settings: JwtSettings) => string> = {
  no_token: () => 'there is no token.',
  malformed: () => 'it is not a compact JWS with a JSON header and payload, or its header names a key or an extension.',
  algorithm: ({ keys }) =>
    keys.kind === 'secrets'
      ? 'its header names another algorithm than HS256, the one that JWT_SECRETS verify.'
      : 'its header names another algorithm than RS256 and ES256, the ones that keys of JWT_JWKS_URL verify.',
  unknown_key: () => 'JWT_JWKS_URL publishes no usable key with the kid and algorithm of its header.',
  signature: ({ keys }) =>
    `none of the keys of ${keys.kind === 'secrets' ? 'JWT_SECRETS' : 'JWT_JWKS_URL'} that may have signed it did.`,
  expired: () => 'its exp is in the past.',
  not_yet_valid: () => 'its nbf is in the future.',
  issuer: ({ issuer }) => `its iss is not JWT_ISSUER, ${JSON.stringify(issuer)}.`,
  audience: ({ audience }) => `its aud does not hold JWT_AUDIENCE, ${JSON.stringify(audience)}.`,
  claims: () =>
    'a claim is missing or has a wrong type: sub (1 to 128 characters), exp, nbf, iat, alias, tier or scope.',
};

/** What the service makes of a token. */
export interface Explanation {
  readonly accepted: boolean;
  /** For people. Holds no part of the token. */
  readonly text: string;
}

/**
 * Explains what the service makes of a token under the given settings.
 *
 * @throws SigningKeysUnavailableError if the keys for it could not be fetched.
 */
export async function explainToken(token: string, settings: JwtSettings): Promise<Explanation> {
  const { keys: source, issuer, audience } = settings;
  const keys =
    source.kind === 'secrets'
      ? secretKeys(source.secrets)
      : jwksKeys(
          source.url,
          () => performance.now(),
          () => {}, // The error that follows has the cause.
        );
  const verify = createTokenVerifier({ keys, issuer, audience, now: Date.now });
  const principal = token === '' ? 'no_token' : await verify(token);
  if (typeof principal === 'string') {
    return { accepted: false, text: `401, reason ${principal}: ${explanations[principal](settings)}` };
  }
  const answers = (['apikey:read', 'apikey:write'] as const).map((scope) => {
    const outcome = permit(principal, scope);
    return {
      allowed: typeof outcome !== 'string',
      line: `${scope}: ${typeof outcome === 'string' ? `403, ${outcome}` : 'allowed'}`,
    };
  });
  return {
    accepted: answers.some(({ allowed }) => allowed),
    text: ['The token verifies.', ...answers.map(({ line }) => line)].join('\n'),
  };
}
