import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import type { Surroundings } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { clientOf } from '../service.ts';
import { suggestedCommand } from '../suggested-command.ts';
import { defaultUrl } from '../url.ts';
import { canOpenBrowser } from './browser.ts';
import { readConsoleSettings, type StatedSignIn } from './console-settings.ts';
import { type KnownSignIn, knownSignIns } from './known-sign-ins.ts';
import { signIn } from './sign-in.ts';

/** The command-line options that change a sign-in. */
export interface SignInOptions {
  readonly clientId?: string | undefined;
  readonly port?: number | undefined;
}

/** A user who has signed in to a service. */
export interface SignedIn {
  /** The access token, which is kept in memory only. */
  readonly token: string;
  readonly userId: string;
}

/**
 * Returns the sign-in that the service states, with the OAuth client and the port that the user
 * gave, now or at an earlier sign-in at the same provider.
 */
function signInOf(
  { issuer, clientId, scope, resource }: StatedSignIn,
  options: SignInOptions,
  known: KnownSignIn | undefined,
): KnownSignIn {
  const earlier = known?.issuer === issuer ? known : undefined;
  const chosen = options.clientId ?? (earlier?.is_client_chosen ? earlier.client_id : undefined);
  const port = options.port ?? earlier?.port;
  return {
    issuer,
    client_id: chosen ?? clientId,
    // No refresh token is needed.
    scope: scope
      .split(' ')
      .filter((name) => name !== 'offline_access')
      .join(' '),
    resource,
    is_client_chosen: chosen !== undefined,
    ...(port !== undefined && { port }),
  };
}

/** The fields that decide what the token can do, with their labels. */
const decisive = [
  ['Provider', 'issuer'],
  ['Client', 'client_id'],
  ['Scope', 'scope'],
  ['Resource', 'resource'],
] as const;

/**
 * Shows which service gets the token, and which settings of the sign-in are new. Asks the user to
 * confirm them, except for the first sign-in to the default service. Without a terminal, the first
 * sign-in to any other service requires `--url`, and changed settings are refused.
 *
 * @throws {@link CliError} if the sign-in is not confirmed.
 */
async function confirm(
  used: KnownSignIn,
  known: KnownSignIn | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const { url, isUrlOption, terminal } = surroundings;
  const news = decisive.filter(([, field]) => used[field] !== known?.[field]);
  const rows = news.map(([label, field]) => [
    label,
    used[field] ?? 'none',
    ...(known === undefined ? [] : [`instead of ${known[field] ?? 'none'}`]),
  ]);
  terminal.note(printable(`The token goes to ${url}.`), ...table(rows));
  if (news.length === 0 || (known === undefined && url === defaultUrl)) return;
  const reason =
    known === undefined
      ? 'This is your first sign-in to this service on this machine.'
      : 'The service has changed its sign-in since your last one.';
  if (terminal.isTerminal) {
    if (await terminal.isConfirmed(`${reason} Do you trust it?`)) return;
    throw new CliError(exitCodes.refused, 'You were not signed in.');
  }
  if (known === undefined && isUrlOption) return;
  const remedy =
    known === undefined
      ? 'Without a terminal, give its URL by --url.'
      : `If its operator announced that, run the same command on a terminal, or first forget the sign-in: ${suggestedCommand('logout', surroundings)}`;
  throw new CliError(exitCodes.credentials, `${reason} ${remedy}`);
}

/**
 * Signs the user in to a service, and shows the account. The service itself states the provider,
 * the client and the API for which the token is issued. A hostile service could therefore request a
 * token from the user's real provider, so the sign-in is confirmed and remembered. Another user of
 * the machine can see the address of the sign-in, and could sign in with their own account first.
 * The account is therefore shown.
 *
 * @throws {@link CliError} if the sign-in is not confirmed, or if the user does not sign in.
 * @throws {ApiError} if the service does not accept the token.
 */
export async function signInToService(
  stated: StatedSignIn,
  options: SignInOptions,
  surroundings: Surroundings,
): Promise<SignedIn> {
  const { url, environment, terminal } = surroundings;
  const known = await knownSignIns.find(url, environment);
  const used = signInOf(stated, options, known);
  // A client that the user gives now needs no confirmation.
  const expected = known && { ...known, ...(options.clientId && { client_id: used.client_id }) };
  await confirm(used, expected, surroundings);
  const token = await signIn(used, stated.clockSkew, surroundings);
  const { alias, user_id } = await clientOf(surroundings, async () => token).getUser();
  const account = alias === null ? user_id : `${alias} (${user_id})`;
  terminal.note(printable(`Signed in as ${account}.`));
  await knownSignIns.write(url, used, environment).catch((error: unknown) => {
    terminal.note(failureOf(error).message, 'The next sign-in must be confirmed again.');
  });
  return { token, userId: user_id };
}

/**
 * Signs the user in for one command, if the user is at a terminal with a browser and the service
 * has a sign-in. A script has no terminal, and must not wait for a person to sign in.
 *
 * @returns the token, or undefined if the user cannot be signed in.
 */
export async function signInOnTerminal(surroundings: Surroundings): Promise<string | undefined> {
  const { url, environment, terminal } = surroundings;
  if (!terminal.isTerminal || !canOpenBrowser(environment)) return undefined;
  const stated = (await readConsoleSettings(url)).signIn;
  return stated && (await signInToService(stated, {}, surroundings)).token;
}
