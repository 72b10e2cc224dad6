import { jwksKeys } from '../src/auth/jwks.ts';
import { permit } from '../src/auth/principal.ts';
import type { TokenRefusal } from '../src/auth/refusals.ts';
import { secretKeys } from '../src/auth/signing-keys.ts';
import { createTokenVerifier } from '../src/auth/verify-token.ts';
import type { CompleteSettings } from '../src/settings.ts';

type JwtSettings = CompleteSettings['jwt'];

/** A description of each reason, naming the claim or setting at fault. */
const explanations: Record<TokenRefusal, (settings: JwtSettings) => string> = {
  no_token: () => 'there is no token.',
  malformed: () =>
    'it is not a compact JWS with a JSON header and payload, or its header contains a key or an extension.',
  algorithm: ({ keys }) =>
    keys.kind === 'secrets'
      ? 'the alg of its header is not HS256, which JWT_SECRETS requires.'
      : 'the alg of its header is neither RS256 nor ES256, which JWT_JWKS_URL requires.',
  unknown_key: () => 'JWT_JWKS_URL publishes no usable key that has the kid and alg of its header.',
  signature: ({ keys }) =>
    `no key of ${keys.kind === 'secrets' ? 'JWT_SECRETS' : 'JWT_JWKS_URL'} verifies its signature.`,
  expired: () => 'its exp is in the past.',
  not_yet_valid: () => 'its nbf is in the future.',
  issuer: ({ issuer }) => `its iss is not JWT_ISSUER, ${JSON.stringify(issuer)}.`,
  audience: ({ audience }) => `its aud does not contain JWT_AUDIENCE, ${JSON.stringify(audience)}.`,
  claims: () =>
    'a claim is missing or has a wrong type: sub (1 to 128 characters), exp, nbf, iat, alias, tier or scope.',
};

/** The service's verdict on a token. */
export interface Explanation {
  readonly accepted: boolean;
  /** Text for people. Contains no part of the token. */
  readonly text: string;
}

/**
 * Explains why the service would accept or reject a token under the given settings.
 *
 * @throws SigningKeysUnavailableError if the signing keys could not be fetched.
 */
export async function explainToken(token: string, settings: JwtSettings): Promise<Explanation> {
  const { keys: source, issuer, audience } = settings;
  const keys =
    source.kind === 'secrets'
      ? secretKeys(source.secrets)
      : jwksKeys(
          source.url,
          () => performance.now(),
          () => {}, // The error that is thrown has the cause.
        );
  const verify = createTokenVerifier({ keys, issuer, audience, now: Date.now });
  const principal = token === '' ? 'no_token' : await verify(token);
  if (typeof principal === 'string') {
    return {
      accepted: false,
      text: `401, reason ${principal}: ${explanations[principal](settings)}`,
    };
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
    text: ['The token is valid.', ...answers.map(({ line }) => line)].join('\n'),
  };
}
