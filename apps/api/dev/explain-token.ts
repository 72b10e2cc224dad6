import { discoveredKeys } from '../src/auth/discovery.ts';
import { jwksKeys } from '../src/auth/jwks.ts';
import { permit } from '../src/auth/principal.ts';
import type { TokenRefusal } from '../src/auth/refusals.ts';
import { secretKeys, type VerificationKeys } from '../src/auth/signing-keys.ts';
import { createTokenVerifier } from '../src/auth/verify-token.ts';
import type { CompleteSettings } from '../src/process/development-secrets.ts';

type JwtSettings = CompleteSettings['jwt'];

const keySettings = {
  secrets: 'JWT_SECRETS',
  jwks: 'JWT_JWKS_URL',
  oidc: 'JWT_OIDC_ISSUER',
} as const;

/** Returns the name of the setting that selects the verification keys. */
const keySetting = ({ keys }: JwtSettings) => keySettings[keys.kind];

const listOf = (values: readonly string[] = []) => values.map((value) => `"${value}"`).join(' or ');

/** Returns the conditions of JWT_REQUIRED_CLAIMS in words. */
function conditionsOf({ claims }: JwtSettings): string {
  const conditions = claims.required.map(
    ({ name, values, isExcluded }) => `${name} is ${isExcluded ? 'not ' : ''}${listOf(values)}`,
  );
  return conditions.length === 0 ? '' : ` JWT_REQUIRED_CLAIMS: ${conditions.join('; ')}.`;
}

/**
 * A description of each reason for refusing a token. The description names the claim or setting at
 * fault.
 */
const explanations: Record<TokenRefusal, (settings: JwtSettings) => string> = {
  no_token: () => 'there is no token.',
  malformed: () =>
    'it is not a compact JWS with a JSON header and payload, or its header contains a key, an extension, or a typ other than JWT and at+jwt.',
  algorithm: (settings) =>
    settings.keys.kind === 'secrets'
      ? 'the alg of its header is not HS256, which JWT_SECRETS requires.'
      : `the alg of its header is not RS256, ES256 or EdDSA, which ${keySetting(settings)} requires.`,
  unknown_key: (settings) =>
    `${keySetting(settings)} publishes no usable key that has the kid and alg of its header.`,
  signature: (settings) => `no key of ${keySetting(settings)} verifies its signature.`,
  expired: () => 'its exp is in the past.',
  not_yet_valid: () => 'its nbf is in the future.',
  issuer: ({ keys, issuers }) =>
    `its iss is not ${keys.kind === 'oidc' ? 'JWT_OIDC_ISSUER' : 'JWT_ISSUER'}, ${listOf(issuers)}.`,
  audience: ({ audiences, claims }) =>
    `its ${claims.audience} does not contain JWT_AUDIENCE, ${listOf(audiences)}.`,
  claims: (settings) => {
    const { subject, tier, scope } = settings.claims;
    return `a claim is missing, has a wrong type or is excluded: ${subject} (1 to 128 characters), exp, nbf, iat, ${tier}, ${scope}, events or cnf.${conditionsOf(settings)}`;
  },
};

/** The service's verdict on a token. */
export interface Explanation {
  readonly accepted: boolean;
  /** A human-readable explanation, which contains no part of the token. */
  readonly text: string;
}

/**
 * Creates the source of verification keys. If a fetch fails, the source throws an error with the
 * cause.
 */
function keysOf({ production, jwt: { keys } }: CompleteSettings): VerificationKeys {
  const now = () => performance.now();
  switch (keys.kind) {
    case 'secrets':
      return secretKeys(keys.secrets);
    case 'jwks':
      return jwksKeys(keys.url, now, () => {});
    case 'oidc':
      return discoveredKeys({
        issuer: keys.issuer,
        requireHttps: production,
        now,
        onFailure: () => {},
      });
  }
}

/**
 * Explains why the service would accept or reject a token under the given settings.
 *
 * @throws SigningKeysUnavailableError if the signing keys could not be fetched.
 */
export async function explainToken(
  token: string,
  settings: CompleteSettings,
): Promise<Explanation> {
  const verify = createTokenVerifier({ ...settings.jwt, keys: keysOf(settings), now: Date.now });
  const principal = token === '' ? 'no_token' : await verify(token);
  if (typeof principal === 'string') {
    return {
      accepted: false,
      text: `401, reason ${principal}: ${explanations[principal](settings.jwt)}`,
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
