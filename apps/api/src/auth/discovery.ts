import * as z from 'zod';
import { fetchJson } from './fetch-json.ts';
import { fetchKeySet, keySetKeys } from './jwks.ts';
import { published } from './published.ts';
import type { VerificationKeys } from './signing-keys.ts';

/** Minimum time, in milliseconds, between failed attempts to read the configuration. */
const fetchInterval = 5_000;
/**
 * Milliseconds after which the configuration is read again before the keys are fetched. The
 * background refresh begins at 80 % of it, so the configuration is read at most once an hour.
 */
const maximumAge = 75 * 60_000;

/** Maximum number of characters that an error message quotes of the issuer in a wrong document. */
const longestIssuer = 200;

/** The members of an OpenID configuration that lead to the keys (OpenID Connect Discovery 1.0). */
const configuration = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Returns the address of an issuer's OpenID configuration. One final slash is removed from the
 * issuer first (OpenID Connect Discovery 1.0 section 4.1).
 */
export function configurationUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Fetches an issuer's configuration and returns the URL of the issuer's keys.
 *
 * @throws the errors of {@link fetchJson}. Also throws if the `issuer` in the document is not
 *   exactly the expected one, or if the document has no usable `jwks_uri`.
 */
async function fetchJwksUri(issuer: string, requireHttps: boolean): Promise<string> {
  const { success, data } = configuration.safeParse(await fetchJson(configurationUrl(issuer)));
  if (!success)
    throw new Error('The response is not an OpenID configuration with "issuer" and "jwks_uri".');
  if (data.issuer !== issuer) {
    // Another issuer's keys would verify tokens whose `iss` has the expected value.
    const found = JSON.stringify(data.issuer.slice(0, longestIssuer));
    throw new Error(`The document has the issuer ${found}, not ${JSON.stringify(issuer)}.`);
  }
  const url = URL.parse(data.jwks_uri);
  const protocols = requireHttps ? ['https:'] : ['https:', 'http:'];
  if (url === null || !protocols.includes(url.protocol) || url.username || url.password)
    throw new Error(
      `The "jwks_uri" is not a URL with ${protocols.join(' or ')} without a password.`,
    );
  return url.href;
}

export interface DiscoveryOptions {
  /** The issuer, exactly as in the claim `iss` of its tokens. */
  readonly issuer: string;
  /** Whether keys at an `http:` URL are refused. */
  readonly requireHttps: boolean;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
  /** Called with the cause and the URL of each failed fetch. */
  readonly onFailure: (cause: unknown, url: string) => void;
}

/**
 * Creates a source of an issuer's verification keys. The keys are fetched from the `jwks_uri` of
 * the issuer's OpenID configuration, and cached as by {@link keySetKeys}.
 */
export function discoveredKeys(options: DiscoveryOptions): VerificationKeys {
  const { issuer, requireHttps, now, onFailure } = options;
  const jwksUri = published({
    fetchValue: () => fetchJwksUri(issuer, requireHttps),
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
