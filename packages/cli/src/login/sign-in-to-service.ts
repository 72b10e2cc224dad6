import { printable } from '@andamio/schema/printable';
import { CliError, exitCodes } from '../exit-code.ts';
import { clientOf, defaultUrl } from '../service.ts';
import { findLogin } from '../stored-key/login-file.ts';
import { type SignInContext, signIn } from './sign-in.ts';

/** The settings and the environment of a sign-in to a service. */
export interface ServiceSignIn extends SignInContext {
  /** URL of the service, without a trailing slash. */
  readonly url: string;
  /** Whether the URL was given by `--url`. */
  readonly isUrlOption: boolean;
}

/**
 * Shows which service will get the token. The service itself names the provider and the client, so
 * a hostile one could ask for a token of the user's real provider. Asks the user to confirm a
 * service that is neither the default one nor one with a login on this machine. Without a terminal,
 * such a service must be given by `--url`.
 *
 * @throws {@link CliError} if the service is not confirmed.
 */
async function confirmService(context: ServiceSignIn): Promise<void> {
  const { url, isUrlOption, settings, environment, terminal } = context;
  const { issuer, clientId } = settings;
  terminal.note(printable(`The token goes to ${url}. Provider: ${issuer}, client ${clientId}.`));
  if (url === defaultUrl || (await findLogin(url, environment)) !== undefined) return;
  if (terminal.isTerminal) {
    if (await terminal.isConfirmed('You have no login to this service. Do you trust it?')) return;
    throw new CliError(exitCodes.refused, 'You were not signed in.');
  }
  if (isUrlOption) return;
  throw new CliError(
    exitCodes.credentials,
    'You have no login to this service. Without a terminal, give its URL by --url.',
  );
}

/**
 * Signs the user in to a service, and shows the account. Another user of the machine can see the
 * address of the sign-in, and could sign in with their own account first.
 *
 * @returns the access token, which is kept in memory only.
 * @throws {@link CliError} if the service is not confirmed, or if the user does not sign in.
 * @throws {ApiError} if the service does not accept the token.
 */
export async function signInToService(context: ServiceSignIn): Promise<string> {
  await confirmService(context);
  const token = await signIn(context);
  const { alias, user_id } = await clientOf(context.url, async () => token).getUser();
  const account = alias === null ? user_id : `${alias} (${user_id})`;
  context.terminal.note(printable(`Signed in as ${account}.`));
  return token;
}
