import type { SignInProvider } from '@andamio/schema/console-settings';
import * as z from 'zod';
import { fetchJson } from './fetch-json.ts';
import { fetchKeySet, keySetKeys } from './jwks.ts';
import { published } from './published.ts';
import type { VerificationKeys } from './signing-keys.ts';

/** Minimum time, in milliseconds, between failed attempts to read the configuration. */
const fetchInterval = 5_000;
/**
 * Age, in milliseconds, at which the cached configuration is out of date and is read again before
 * keys are fetched. The background refresh begins at 80 % of this age, so the configuration is read
 * at most once an hour.
 */
const maximumAge = 75 * 60_000;

/** Maximum number of characters of an unexpected issuer that an error message quotes. */
const longestIssuer = 200;

/**
 * The members of an OpenID configuration that the service reads (OpenID Connect Discovery 1.0
 * section 3). An issuer that offers no sign-in may omit all but the first two.
 */
const configuration = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  authorization_endpoint: z.string().optional(),
  token_endpoint: z.string().optional(),
  revocation_endpoint: z.string().optional(),
  end_session_endpoint: z.string().optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
});

type Configuration = z.output<typeof configuration>;

/**
 * Returns the address of an issuer's OpenID configuration. One final slash is removed from the
 * issuer first (OpenID Connect Discovery 1.0 section 4.1).
 */
export function configurationUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Fetches the OpenID configuration of an issuer.
 *
 * @throws the same errors as {@link fetchJson}. Also throws if the `issuer` in the document is not
 *   exactly the expected one.
 */
async function fetchConfiguration(issuer: string): Promise<Configuration> {
  const { success, data } = configuration.safeParse(await fetchJson(configurationUrl(issuer)));
  if (!success)
    throw new Error('The response is not an OpenID configuration with "issuer" and "jwks_uri".');
  if (data.issuer !== issuer) {
    // Otherwise, keys of another issuer would verify tokens whose `iss` has the expected value.
    const found = JSON.stringify(data.issuer.slice(0, longestIssuer));
    throw new Error(`The document has the issuer ${found}, not ${JSON.stringify(issuer)}.`);
  }
  return data;
}

type UrlName = 'jwks_uri' | Extract<keyof Configuration, `${string}_endpoint`>;

/**
 * Returns a URL of an OpenID configuration.
 *
 * @throws if the URL is missing or invalid, has a scheme that is not allowed, or contains a user
 *   name or password.
 */
function urlOf(data: Configuration, name: UrlName, requireHttps: boolean): string {
  const url = URL.parse(data[name] ?? '');
  const protocols = requireHttps ? ['https:'] : ['https:', 'http:'];
  if (url === null || !protocols.includes(url.protocol) || url.username || url.password)
    throw new Error(
      `The "${name}" is not a URL with ${protocols.join(' or ')} without a password.`,
    );
  return url.href;
}

export interface DiscoveryOptions {
  /** The issuer, exactly as in the claim `iss` of its tokens. */
  readonly issuer: string;
  /** Whether `http:` URLs in the configuration are refused. */
  readonly requireHttps: boolean;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Called with the cause and the URL of each failed fetch. */
  readonly onFailure: (cause: unknown, url: string) => void;
}

/**
 * Creates a source of an issuer's verification keys. The keys are fetched from the `jwks_uri` of
 * the issuer's OpenID configuration, and cached in the same way as by {@link keySetKeys}.
 */
export function discoveredKeys(options: DiscoveryOptions): VerificationKeys {
  const { issuer, requireHttps, now, onFailure } = options;
  const jwksUri = published({
    fetchValue: async () => urlOf(await fetchConfiguration(issuer), 'jwks_uri', requireHttps),
    fetchInterval,
    maximumAge,
    now,
    onFailure: (cause) => onFailure(cause, configurationUrl(issuer)),
  });

  async function fetchKeys() {
    const { value: url } = await jwksUri.current();
    try {
      return await fetchKeySet(url);
    } catch (cause) {
      onFailure(cause, url);
      throw cause;
    }
  }

  return keySetKeys(fetchKeys, now, () => {}); // Both fetches report their own failures.
}

/**
 * Creates a function that returns an issuer's endpoints for sign-in, or null while the issuer's
 * OpenID configuration cannot be read. The configuration is fetched on the first call, and at most
 * once an hour afterwards.
 */
export function discoveredProvider(
  options: DiscoveryOptions,
): () => Promise<SignInProvider | null> {
  const { issuer, requireHttps, now, onFailure } = options;
  const provider = published({
    async fetchValue(): Promise<SignInProvider> {
      const data = await fetchConfiguration(issuer);
      const optional = (name: UrlName) =>
        data[name] === undefined ? null : urlOf(data, name, requireHttps);
      return {
        authorizationEndpoint: urlOf(data, 'authorization_endpoint', requireHttps),
        tokenEndpoint: urlOf(data, 'token_endpoint', requireHttps),
        revocationEndpoint: optional('revocation_endpoint'),
        endSessionEndpoint: optional('end_session_endpoint'),
        idTokenAlgorithms: data.id_token_signing_alg_values_supported ?? ['RS256'],
      };
    },
    fetchInterval,
    maximumAge,
    now,
    onFailure: (cause) => onFailure(cause, configurationUrl(issuer)),
  });
  return async () => {
    try {
      return (await provider.current()).value;
    } catch {
      return null; // The fetch has reported its failure.
    }
  };
}
