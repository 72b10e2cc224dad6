import { printable } from '@andamio/schema/printable';
import { serviceUrl } from '@andamio/schema/service-url';
import type * as OpenIdClient from 'openid-client';
import type { Surroundings } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { canOpenBrowser, openBrowser } from './browser.ts';
import type { KnownSignIn } from './known-sign-ins.ts';
import { startRedirectServer } from './redirect.ts';

const timeoutMs = 5 * 60_000;

function failed(reason: string): CliError {
  return new CliError(exitCodes.credentials, `The sign-in failed: ${printable(reason)}.`);
}

/**
 * Returns the reason for an error of the OpenID library. The library's messages do not contain
 * received data. An error code from the provider is cut to 60 characters.
 */
function reasonOf(error: unknown): string {
  const { message, error: code, cause } = error as Error & { error?: unknown };
  if (code === 'access_denied') return 'access was denied';
  if (typeof code === 'string') return `the provider answered ${code.slice(0, 60)}`;
  const { code: systemCode } = (cause ?? {}) as NodeJS.ErrnoException;
  return typeof systemCode === 'string' ? `${message} (${systemCode})` : message;
}

function issuerOf({ issuer }: KnownSignIn): URL {
  try {
    return serviceUrl('The issuer of the service', issuer, 'tokens');
  } catch (error) {
    throw error instanceof TypeError ? failed(error.message) : error;
  }
}

async function discover(
  openid: typeof OpenIdClient,
  settings: KnownSignIn,
  clockSkew: number,
): Promise<OpenIdClient.Configuration> {
  // The issuer's identifier is compared character by character, so the URL must stay as it is.
  const isLoopback = issuerOf(settings).protocol === 'http:';
  return openid.discovery(
    new URL(settings.issuer),
    settings.client_id,
    { [openid.clockSkew]: clockSkew },
    openid.None(),
    isLoopback ? { execute: [openid.allowInsecureRequests] } : {},
  );
}

/**
 * Shows the address, and opens it in a browser if there is one. On a terminal, asks before it opens
 * the browser.
 */
async function showAddress(
  address: URL,
  { environment, terminal }: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  terminal.note('Sign in at this address:', '', `  ${printable(address.href)}`, '');
  if (!canOpenBrowser(environment)) return;
  if (terminal.isTerminal) {
    const pressed = await terminal.isEnterPressed(
      'Press Enter to open it in your browser.',
      signal,
    );
    if (!pressed) return;
  }
  if (!(await openBrowser(address, environment)))
    terminal.note('The browser could not be opened. Open the address yourself.');
}

/**
 * Signs the user in with the authorization code flow and PKCE over a loopback redirect (RFC 8252).
 *
 * @param clockSkew seconds by which the service's clock is ahead of the clock of this machine. The
 *   times in the ID token are compared with the service's clock, and may differ by 30 seconds.
 * @returns the access token, which is kept in memory only.
 * @throws {@link CliError} if the user does not sign in.
 */
export async function signIn(
  settings: KnownSignIn,
  clockSkew: number,
  surroundings: Surroundings,
): Promise<string> {
  // Loaded only here, because it takes as long as the rest of the program.
  const openid = await import('openid-client');
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const verifier = openid.randomPKCECodeVerifier();
  const server = await startRedirectServer(settings.port ?? 0, state, timeoutMs);
  const shown = new AbortController();
  try {
    const configuration = await discover(openid, settings, clockSkew);
    const address = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: server.redirectUri,
      scope: settings.scope,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      // RFC 8707 calls this parameter `resource`, and Auth0 calls it `audience`.
      ...(settings.resource !== null && {
        resource: settings.resource,
        audience: settings.resource,
      }),
    });
    void showAddress(address, surroundings, shown.signal);
    const redirect = await server.received();
    const tokens = await openid.authorizationCodeGrant(configuration, redirect, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
    });
    return tokens.access_token;
  } catch (error) {
    throw error instanceof CliError ? error : failed(reasonOf(error));
  } finally {
    shown.abort();
    server.close();
  }
}
