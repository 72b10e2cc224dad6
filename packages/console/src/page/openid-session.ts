import type { SignInSettings } from '@andamio/schema/console-settings';
import * as oauth from 'oauth4webapi';

/** The key in `sessionStorage` under which the current sign-in is stored. */
const storageKey = 'andamio-sign-in';

/** Time limit, in milliseconds, for a request to the issuer. */
const timeout = 10_000;

/**
 * Time, in milliseconds, after a renewal of the access token during which it is not renewed again.
 * When the service rejects a token, every request that was sent with it asks for a new one.
 */
const renewalInterval = 10_000;

/**
 * Values that are kept while the browser is at the issuer. They are useless without the issuer's
 * answer.
 */
interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The query of the page's address before the sign-in. */
  readonly query: string;
  /** What the user has entered on the page, as JSON. Undefined if there is nothing to keep. */
  readonly draft?: unknown;
}

/** The tokens of the signed-in user. They are kept only in memory. */
interface Tokens {
  readonly access: string;
  /**
   * The refresh token. Undefined if the issuer issued none. The access token then cannot be
   * renewed.
   */
  readonly refresh: string | undefined;
  /** When the access token expires, in milliseconds of the monotonic clock. */
  readonly expiresAt: number;
  readonly receivedAt: number;
}

/** The reason why a sign-in failed. */
export type SignInFailure =
  /** The user refused the sign-in, or the issuer refused the user. */
  | 'denied'
  /** The issuer's answer does not belong to a sign-in that this tab started. */
  | 'foreign'
  /** The issuer does not respond, or its configuration cannot be read. */
  | 'unavailable'
  /** The issuer's answer is another error, or is not valid. */
  | 'refused';

/** Thrown if a sign-in fails. */
export class SignInError extends Error {
  readonly reason: SignInFailure;

  constructor(reason: SignInFailure, options?: ErrorOptions) {
    super(`Sign-in failed: ${reason}`, options);
    this.reason = reason;
  }
}

function failureOf(error: unknown): SignInFailure {
  if (error instanceof oauth.AuthorizationResponseError)
    return error.error === 'access_denied' ? 'denied' : 'refused';
  // Errors of fetch: no connection, blocked by the browser, or no answer in time.
  if (error instanceof TypeError || error instanceof DOMException) return 'unavailable';
  return 'refused';
}

/**
 * Errors of the token endpoint after which a renewal can never succeed: the errors of RFC 6749
 * section 5.2, and `interaction_required`, which Microsoft Entra ID sends if the user must sign in
 * again.
 */
const finalErrors: ReadonlySet<string> = new Set([
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/**
 * Reports whether a renewal failed because the user must sign in again. Other failures, such as a
 * rate limit of the issuer or an answer of a proxy, are temporary.
 */
const isFinal = (status: number, error: unknown): boolean =>
  status === 401 || (error instanceof oauth.ResponseBodyError && finalErrors.has(error.error));

/** Returns the sign-in that this tab started, and removes it from the storage. */
function takePending(): Pending | undefined {
  const stored = sessionStorage.getItem(storageKey);
  sessionStorage.removeItem(storageKey);
  return stored === null ? undefined : (JSON.parse(stored) as Pending);
}

/**
 * A sign-in at an OpenID provider: the authorization code flow with PKCE (RFC 7636) for a public
 * client. Tokens are kept only in memory, until the page is closed or left.
 */
export class OpenIdSession {
  readonly #settings: SignInSettings;
  readonly #redirectUri: string;
  readonly #client: oauth.Client;
  #tokens: Tokens | undefined;
  #draft: unknown;
  #isRenewed = false;
  #renewal: Promise<string | null> | undefined;

  /**
   * @param redirectUri the address of the page, without a query. It must be registered at the
   *   issuer.
   * @param clockSkew seconds by which the service's clock is ahead of the browser's clock.
   */
  constructor(settings: SignInSettings, redirectUri: string, clockSkew: number) {
    this.#settings = settings;
    this.#redirectUri = redirectUri;
    this.#client = {
      client_id: settings.clientId,
      [oauth.clockSkew]: clockSkew,
      [oauth.clockTolerance]: 60,
    };
  }

  get issuer(): string {
    return this.#settings.issuer;
  }

  /** What the user had entered on the page before the sign-in, as JSON. */
  get draft(): unknown {
    return this.#draft;
  }

  get isSignedIn(): boolean {
    return this.#tokens !== undefined;
  }

  /**
   * Opens the issuer's sign-in in place of this page. The issuer sends the browser back to the
   * redirect URI.
   *
   * @param draft what the user has entered on the page, as JSON.
   * @throws {SignInError} if the issuer's configuration is unknown.
   */
  async start(draft: unknown = this.#draft): Promise<void> {
    const { authorization_endpoint } = this.#server();
    const pending: Pending = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      codeVerifier: oauth.generateRandomCodeVerifier(),
      query: location.search,
      draft,
    };
    sessionStorage.setItem(storageKey, JSON.stringify(pending));
    const { clientId, scope, resource } = this.#settings;
    const url = new URL(authorization_endpoint as string);
    for (const [name, value] of Object.entries({
      client_id: clientId,
      redirect_uri: this.#redirectUri,
      response_type: 'code',
      scope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
      ...(resource !== null && { resource, audience: resource }),
    }))
      url.searchParams.set(name, value);
    location.assign(url);
  }

  /**
   * Completes the sign-in if the page's address contains an answer from the issuer. First removes
   * the answer from the address and the history.
   *
   * @throws {SignInError}
   */
  async complete(): Promise<void> {
    const url = new URL(location.href);
    const { searchParams: answered } = url;
    // The pending sign-in is removed in any case. A user who came back without an answer starts
    // again.
    const pending = takePending();
    this.#draft = pending?.draft;
    if (!answered.has('error') && !(answered.has('code') && answered.has('state'))) return;
    history.replaceState(null, '', url.pathname + (pending?.query ?? ''));
    if (pending === undefined || pending.state !== answered.get('state'))
      throw new SignInError('foreign');
    const server = this.#server();
    try {
      const answer = oauth.validateAuthResponse(server, this.#client, url, pending.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.#client,
        oauth.None(),
        answer,
        this.#redirectUri,
        pending.codeVerifier,
        this.#tokenRequest(),
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, response, {
        expectedNonce: pending.nonce,
        requireIdToken: true,
      });
      this.#keep(tokens);
    } catch (error) {
      throw new SignInError(failureOf(error), { cause: error });
    }
  }

  /**
   * Returns the access token, or null if the user must sign in again. If the access token has
   * expired, or the service has rejected it, gets a new one with the refresh token.
   *
   * @throws if the renewal fails for a reason that may be temporary, such as an issuer that does
   *   not respond.
   */
  readonly getToken = async ({
    refresh,
  }: {
    readonly refresh: boolean;
  }): Promise<string | null> => {
    const tokens = this.#tokens;
    if (tokens === undefined) return null;
    const now = performance.now();
    const isUsable = refresh
      ? this.#isRenewed && now - tokens.receivedAt < renewalInterval
      : now < tokens.expiresAt;
    if (isUsable) return tokens.access;
    this.#renewal ??= this.#renew(tokens).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  };

  /** Discards the tokens. */
  forget(): void {
    this.#draft = undefined;
    this.#tokens = undefined;
  }

  /** Discards the tokens, and revokes the refresh token. */
  async end(): Promise<void> {
    const refreshToken = this.#tokens?.refresh;
    this.forget();
    await this.#revoke(refreshToken);
  }

  /**
   * The address at which the user can end their session at the issuer. Undefined if the issuer has
   * none.
   */
  get issuerSignOut(): string | undefined {
    const { clientId, provider } = this.#settings;
    if (!provider?.endSessionEndpoint) return undefined;
    const url = new URL(provider.endSessionEndpoint);
    url.searchParams.set('client_id', clientId);
    return url.href;
  }

  /** Revokes a refresh token, if there is one and the issuer supports revocation (RFC 7009). */
  async #revoke(refreshToken: string | undefined): Promise<void> {
    if (refreshToken === undefined || !this.#settings.provider?.revocationEndpoint) return;
    const options = this.#request();
    await oauth
      .revocationRequest(this.#server(), this.#client, oauth.None(), refreshToken, options)
      .catch(() => {}); // The page has already discarded its tokens.
  }

  async #renew(current: Tokens): Promise<string | null> {
    const { refresh } = current;
    if (refresh === undefined) return null;
    const server = this.#server();
    const response = await oauth.refreshTokenGrantRequest(
      server,
      this.#client,
      oauth.None(),
      refresh,
      this.#tokenRequest(),
    );
    try {
      const tokens = await oauth.processRefreshTokenResponse(server, this.#client, response);
      if (this.#tokens !== current) {
        // The user signed out during the renewal. Not every issuer also revokes the tokens that
        // replaced a revoked one.
        await this.#revoke(tokens.refresh_token);
        return null;
      }
      this.#keep({ refresh_token: refresh, ...tokens });
      this.#isRenewed = true;
      return tokens.access_token;
    } catch (error) {
      if (!isFinal(response.status, error)) throw error;
      this.forget(); // The issuer no longer renews the sign-in.
      return null;
    }
  }

  #keep({ access_token, refresh_token, expires_in }: Partial<oauth.TokenEndpointResponse>): void {
    const receivedAt = performance.now();
    this.#tokens = {
      access: access_token as string,
      refresh: refresh_token,
      expiresAt: receivedAt + (expires_in ?? Number.POSITIVE_INFINITY) * 1000,
      receivedAt,
    };
  }

  #request() {
    return {
      signal: AbortSignal.timeout(timeout),
      // For development only: in production, the service refuses an issuer without TLS.
      [oauth.allowInsecureRequests]: location.protocol === 'http:',
    };
  }

  /**
   * Returns the options of a token request. The request names the API again, because some issuers
   * would otherwise return a token for their own user info endpoint (RFC 8707 section 2.2).
   */
  #tokenRequest() {
    const { resource } = this.#settings;
    return { ...this.#request(), ...(resource !== null && { additionalParameters: { resource } }) };
  }

  /** Returns the issuer's metadata in the form that the library expects. */
  #server(): oauth.AuthorizationServer {
    const { issuer, provider } = this.#settings;
    if (provider === null) throw new SignInError('unavailable');
    return {
      issuer,
      authorization_endpoint: provider.authorizationEndpoint,
      token_endpoint: provider.tokenEndpoint,
      ...(provider.revocationEndpoint !== null && {
        revocation_endpoint: provider.revocationEndpoint,
      }),
      id_token_signing_alg_values_supported: [...provider.idTokenAlgorithms],
    };
  }
}
