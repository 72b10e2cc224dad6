import { printable } from '@andamio/schema/printable';
import type { Surroundings } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { clientOf, defaultUrl } from '../service.ts';
import { table } from '../text.ts';
import type { StatedSignIn } from './console-settings.ts';
import { type KnownSignIn, knownSignIns } from './known-sign-ins.ts';
import { signIn } from './sign-in.ts';

/** The options with which the user changes a sign-in. */
export interface SignInOptions {
  readonly clientId?: string | undefined;
  readonly port?: number | undefined;
}

/** Returns the labels and values of a sign-in, as they are shown to the user. */
const describe = ({ issuer, client_id, scope, resource }: KnownSignIn) =>
  [
    ['Provider', issuer],
    ['Client', client_id],
    ['Scope', scope],
    ['Resource', resource ?? 'none'],
  ] as const;

/**
 * Returns the scopes to request: those of the console, except `offline_access`, because no refresh
 * token is needed.
 */
const withoutRefresh = (scope: string) =>
  scope
    .split(' ')
    .filter((name) => name !== 'offline_access')
    .join(' ');

/**
 * Returns the sign-in to use: as the service states it, with the client and the port that the user
 * gave now or for an earlier sign-in at the same provider.
 */
function signInOf(
  { issuer, clientId, scope, resource }: StatedSignIn,
  options: SignInOptions,
  known: KnownSignIn | undefined,
): KnownSignIn {
  const isSame = known?.issuer === issuer;
  const chosen =
    options.clientId ?? (isSame && known.is_client_chosen ? known.client_id : undefined);
  const port = options.port ?? (isSame ? known.port : undefined);
  return {
    issuer,
    client_id: chosen ?? clientId,
    scope: withoutRefresh(scope),
    resource,
    is_client_chosen: chosen !== undefined,
    ...(port !== undefined && { port }),
  };
}

/** Asks the user to confirm the first sign-in to a service on this machine. */
async function confirmFirst(used: KnownSignIn, surroundings: Surroundings): Promise<void> {
  const { url, isUrlOption, terminal } = surroundings;
  terminal.note(printable(`The token goes to ${url}.`), ...table(describe(used)));
  if (url === defaultUrl) return;
  if (terminal.isTerminal) {
    const question = 'This is your first sign-in to this service here. Do you trust the service?';
    if (await terminal.isConfirmed(question)) return;
    throw new CliError(exitCodes.refused, 'You were not signed in.');
  }
  if (isUrlOption) return;
  throw new CliError(
    exitCodes.credentials,
    'This is your first sign-in to this service here. Without a terminal, give its URL by --url.',
  );
}

/**
 * Asks the user to confirm a sign-in that the service has changed since the user last signed in.
 */
async function confirmChange(
  known: KnownSignIn,
  used: KnownSignIn,
  isClientOption: boolean,
  { url, terminal }: Surroundings,
): Promise<void> {
  const before = describe(known);
  const changes = describe(used).flatMap(([label, value], index) => {
    const previous = before[index]?.[1] as string;
    const isChange = value !== previous && !(label === 'Client' && isClientOption);
    return isChange ? [{ label, previous, value }] : [];
  });
  if (changes.length === 0) {
    terminal.note(printable(`The token goes to ${url}. Provider: ${used.issuer}.`));
    return;
  }
  if (!terminal.isTerminal) {
    const texts = changes.map(
      ({ label, previous, value }) => `${label.toLowerCase()} ${value} instead of ${previous}`,
    );
    throw new CliError(
      exitCodes.credentials,
      printable(
        `The service at ${url} has changed its sign-in: ${texts.join(', ')}. If its operator announced that, run andamio login on a terminal, or andamio logout first.`,
      ),
    );
  }
  terminal.note(
    printable(`The service at ${url}, to which the token goes, has changed its sign-in.`),
    ...table([
      ['', 'NOW', 'BEFORE'],
      ...changes.map(({ label, previous, value }) => [label, value, previous]),
    ]),
  );
  if (await terminal.isConfirmed('Did its operator announce that, and do you trust it?')) return;
  throw new CliError(exitCodes.refused, 'You were not signed in.');
}

/**
 * Signs the user in to a service, and shows the account.
 *
 * The service itself states the provider, the client and the API for which the token is issued. A
 * hostile service could therefore request a token from the user's real provider. The user therefore
 * confirms the first sign-in to a service other than the default one, and each change. Without a
 * terminal, the first service must be given by `--url`, and a change is refused.
 *
 * Another user of the machine can see the address of the sign-in, and could sign in with their own
 * account first. The account is therefore shown.
 *
 * @returns the access token, which is kept in memory only.
 * @throws {@link CliError} if the sign-in is not confirmed, or if the user does not sign in.
 * @throws {ApiError} if the service does not accept the token.
 */
export async function signInToService(
  stated: StatedSignIn,
  options: SignInOptions,
  surroundings: Surroundings,
): Promise<string> {
  const { url, environment, terminal } = surroundings;
  const known = await knownSignIns.find(url, environment);
  const used = signInOf(stated, options, known);
  if (known === undefined) await confirmFirst(used, surroundings);
  else await confirmChange(known, used, options.clientId !== undefined, surroundings);
  const token = await signIn(used, stated.clockSkew, surroundings);
  const { alias, user_id } = await clientOf(url, async () => token).getUser();
  const account = alias === null ? user_id : `${alias} (${user_id})`;
  terminal.note(printable(`Signed in as ${account}.`));
  await knownSignIns.write(url, used, environment).catch((error: unknown) => {
    terminal.note(failureOf(error).message, 'The next sign-in must be confirmed again.');
  });
  return token;
}
