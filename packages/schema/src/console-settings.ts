/**
 * The parts of an issuer's OpenID configuration that a sign-in needs (OpenID Connect Discovery 1.0
 * section 3, RFC 8414 section 2). Each endpoint is a URL.
 */
export interface SignInProvider {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Null if tokens cannot be revoked (RFC 7009). */
  readonly revocationEndpoint: string | null;
  /** Null if the issuer's own session cannot be ended (OpenID Connect RP-Initiated Logout 1.0). */
  readonly endSessionEndpoint: string | null;
  /** The algorithms with which the issuer may sign ID tokens, such as `RS256`. */
  readonly idTokenAlgorithms: readonly string[];
}

/**
 * The settings for signing in at the issuer of the service's tokens, as a public client that uses
 * the authorization code flow with PKCE.
 */
export interface SignInSettings {
  /** The issuer, exactly as in `iss`. */
  readonly issuer: string;
  readonly clientId: string;
  /** The scopes to request, separated by spaces. */
  readonly scope: string;
  /**
   * The API for which the access token is requested, sent as `resource` (RFC 8707) and as
   * `audience` (Auth0). Null if the issuer needs neither.
   */
  readonly resource: string | null;
  /** Null while the issuer's OpenID configuration cannot be read. */
  readonly provider: SignInProvider | null;
}

/**
 * The body of `GET /console/settings.json`: the settings of the service that the console and the
 * command `andamio` read. None of them is secret.
 */
export interface ConsoleSettings {
  /** The setting `MAX_EXPIRES_IN_DAYS`; null if it is not set. */
  readonly maxExpiresInDays: number | null;
  /** Null if `CONSOLE_OIDC_CLIENT_ID` is not set. Users then paste a token. */
  readonly signIn: SignInSettings | null;
}

/**
 * Returns the seconds by which the service's clock is ahead of the clock of this machine.
 *
 * @param date the `Date` header of a response from the service. If it is missing or invalid, the
 *   result is 0.
 */
export function clockSkewOf(date: string | null): number {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? 0 : Math.round((time - Date.now()) / 1000);
}
