import { CliError, exitCodes } from '../exit-code.ts';

/** The OpenID Connect sign-in of the service. */
export interface SignInSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** The scopes of the console, separated by spaces. Default: `openid`. */
  readonly scope?: string;
  /** The API for which the access token is requested, at issuers that need its name. */
  readonly resource?: string | null;
}

/** The settings of the service that concern logins. */
interface ConsoleSettings {
  /** The maximum number of days until a key expires; null if there is none. */
  readonly maxExpiresInDays?: number | null;
  /** Undefined or null if the service has no sign-in. */
  readonly signIn?: SignInSettings | null;
}

const timeoutMs = 15_000;

/**
 * Reads the settings that the service publishes for its console. They are empty if the service has
 * no console.
 *
 * @throws {@link CliError} if the service does not respond.
 */
export async function readConsoleSettings(url: string): Promise<ConsoleSettings> {
  const response = await fetch(`${url}/console/settings.json`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
  if (response === undefined || response.status >= 500)
    throw new CliError(exitCodes.unavailable, 'The service does not respond. Check its URL.');
  if (!response.ok) return {};
  return (await response.json().catch(() => ({}))) as ConsoleSettings;
}
