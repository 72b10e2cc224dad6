import { ApiError, type Client, type IssuedApiKey } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import type { Context, Report } from '../command.ts';
import { deleteLost } from '../delete-lost.ts';
import { CliError } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { clientOf } from '../service.ts';
import { addLastWords, holdSignals } from '../signals.ts';
import { removeStoredKey } from '../stored-key/stored-key.ts';
import { tryDelete } from '../try-delete.ts';
import { findPrevious, replacePrevious, withPrevious } from './previous-login.ts';
import { type LoginKey, reportLogin } from './report-login.ts';
import type { SignedIn } from './sign-in-to-service.ts';

/** Reports whether the service refused a key only because of the user's other keys. */
const needsRoom = (error: unknown) =>
  error instanceof ApiError && ['name_taken', 'key_limit_reached'].includes(error.code);

/** Returns the error for a failure, with a further line in its message. */
function followedBy(line: string, failure: unknown): CliError {
  const { exitCode, message } = failureOf(failure);
  return new CliError(exitCode, `${message}\n${line}`);
}

/**
 * Removes the previous login, whose key was deleted, from this machine.
 *
 * @throws {@link CliError} with the failure that left the machine without a key.
 */
async function endWithoutKey(
  failure: unknown,
  name: string,
  { url, environment }: Context,
): Promise<never> {
  // An error is ignored, because `failure` already says if the file cannot be written.
  await removeStoredKey(url, environment).catch(() => {});
  throw followedBy(
    `The key ${printable(name)} of the previous login was deleted to make room. This machine has no key now. Log in again.`,
    failure,
  );
}

/**
 * Deletes the key of the previous login, and then creates the new key. If the responses to the
 * deletion are lost, the response to the request for the new key shows whether there is room.
 */
async function createInPlaceOf(
  name: string,
  client: Client,
  create: () => Promise<IssuedApiKey>,
  context: Context,
): Promise<IssuedApiKey> {
  const key = `The key ${printable(name)} of the previous login`;
  const mayBeDeleted = `${key} may have been deleted to make room. Log in again.`;
  // If a signal ended the process between the two requests, the stored key would be a deleted one.
  holdSignals();
  addLastWords(mayBeDeleted);
  const deletion = await tryDelete(client, name);
  if (deletion.outcome === 'failed') throw deletion.error;
  try {
    return await create();
  } catch (failure) {
    if (deletion.outcome === 'deleted') return endWithoutKey(failure, name, context);
    if (!needsRoom(failure)) throw followedBy(mayBeDeleted, failure);
    const notCreated = `${key} could not be deleted to make room, so no key was created.`;
    throw followedBy(notCreated, deletion.error);
  }
}

/**
 * Creates the key of a login for the signed-in user, and then deletes the key of the previous
 * login. The previous key is deleted first only if the service refuses the new key because of the
 * previous one: if both have the same name, or if the user has the maximum number of keys. The
 * service checks all other rules before these two, so the second request is expected to succeed.
 *
 * @throws {@link CliError | ApiError} if the key was not created or not stored.
 */
export async function createLoginKey(
  { token, userId }: SignedIn,
  { name, days }: LoginKey,
  context: Context,
): Promise<Report> {
  const client = clientOf(context, async () => token);
  const previous = await findPrevious(client, userId, context);
  const create = () => client.requestApiKey({ api_key_name: name, expires_in_days: days });
  const store = (key: IssuedApiKey) =>
    reportLogin({ ...key, user_id: userId }, context, () => deleteLost(client, name, context));
  try {
    const report = await store(await create());
    return previous === undefined
      ? report
      : await replacePrevious(report, previous, client, context);
  } catch (error) {
    if (previous?.state !== 'own' || !needsRoom(error)) throw error;
  }
  const key = await createInPlaceOf(previous.name, client, create, context);
  const report = await store(key).catch((failure) =>
    endWithoutKey(failure, previous.name, context),
  );
  return withPrevious(report, previous, 'deleted');
}
