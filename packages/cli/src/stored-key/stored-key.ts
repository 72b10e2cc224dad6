import { isKey, keyStart } from '@andamio/schema/key-format';
import { printable } from '@andamio/schema/printable';
import type { Surroundings } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { suggestedCommand } from '../suggested-command.ts';
import { type ItemName, type Keychain, systemKeychain } from './keychain.ts';
import { type Login, logins } from './logins.ts';

/** A new key with the fields that a login keeps. */
export interface KeyToStore {
  readonly api_key: string;
  readonly name: string;
  readonly expires_at: string;
  /** The user to whom the key belongs. Undefined if the user is not known. */
  readonly user_id?: string;
}

/**
 * Returns the name of the item with the key of a login. It is the path of the login's file, because
 * logins to one service in several settings folders (`XDG_CONFIG_HOME`) share the keychain.
 */
const itemOf = (url: string, environment: NodeJS.ProcessEnv): ItemName => ({
  attribute: 'login',
  value: logins.path(url, environment),
});

/**
 * Returns the name of the item that older versions used for the logins of all settings folders. Its
 * key may thus be that of another login.
 */
const sharedItemOf = (url: string): ItemName => ({ attribute: 'url', value: url });

function isKeyOf({ start }: Login, key: string | undefined): key is string {
  return key !== undefined && isKey(key) && keyStart(key) === start;
}

/** Reports whether the item of older versions contains the key of a login. */
async function isShared(
  login: Login | undefined,
  url: string,
  keychain: Keychain,
): Promise<boolean> {
  if (login === undefined || login.storage === 'file') return false;
  return isKeyOf(login, await keychain.find(sharedItemOf(url)));
}

/**
 * Stores the key of a login in the system's keychain, and reads it back. If that fails, stores the
 * key in a file that only the user can read, and removes what the keychain may contain.
 *
 * @returns a human-readable description of where the key is stored.
 * @throws {@link CliError} if the key could not be stored.
 */
export async function storeKey(
  url: string,
  { api_key, name, expires_at, user_id }: KeyToStore,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const keychain = systemKeychain(environment);
  const item = itemOf(url, environment);
  const previous = await logins.find(url, environment);
  const login = { name, start: keyStart(api_key), user_id, expires_at };
  // The file is written first. If that fails, the keychain keeps the key of the previous login.
  await logins.write(url, { ...login, storage: keychain.program }, environment);
  const isStored = await keychain.store(item, `Andamio API key for ${url}`, api_key);
  if (await isShared(previous, url, keychain)) await keychain.remove(sharedItemOf(url));
  if (isStored && (await keychain.find(item)) === api_key)
    return `in the system's keychain, by ${keychain.program}`;
  await keychain.remove(item);
  await logins.write(url, { ...login, storage: 'file', api_key }, environment);
  const path = printable(logins.path(url, environment));
  // On Windows, the file has the permissions of its folder.
  const mode = process.platform === 'win32' ? '' : ' with mode 0600';
  return `in ${path}${mode}, because no keychain works here`;
}

/**
 * Returns the stored key of a service, or undefined if there is no login.
 *
 * @throws {@link CliError} if the key of the login cannot be found. Another key is never returned
 *   in its place.
 */
export async function findStoredKey(context: Surroundings): Promise<string | undefined> {
  const { url, environment } = context;
  const login = await logins.find(url, environment);
  if (login === undefined) return undefined;
  const key = `The key ${printable(login.name)} (${printable(login.start)}…) of the login to ${url}`;
  const logInAgain = suggestedCommand('login', context);
  if (login.storage === 'file') {
    if (isKeyOf(login, login.api_key)) return login.api_key;
    const message = `${key} is not in ${printable(logins.path(url, environment))}. Log in again: ${logInAgain}`;
    throw new CliError(exitCodes.credentials, message);
  }
  const keychain = systemKeychain(environment);
  for (const item of [itemOf(url, environment), sharedItemOf(url)]) {
    const found = await keychain.find(item);
    if (isKeyOf(login, found)) return found;
  }
  throw new CliError(
    exitCodes.credentials,
    `${key} is not in the system's keychain, or ${keychain.program} cannot read it. Unlock the keychain, or log in again: ${logInAgain}`,
  );
}

/**
 * Removes the stored key of a service from the keychain, and removes the file with the login.
 * Returns the login, or undefined if there was none.
 *
 * @throws {@link CliError} if a key remains.
 */
export async function removeStoredKey(
  url: string,
  environment: NodeJS.ProcessEnv,
): Promise<Login | undefined> {
  const keychain = systemKeychain(environment);
  const item = itemOf(url, environment);
  await keychain.remove(item);
  const login = await logins.find(url, environment);
  if (await isShared(login, url, keychain)) await keychain.remove(sharedItemOf(url));
  if ((await keychain.find(item)) !== undefined || (await isShared(login, url, keychain))) {
    const message = `The key could not be removed from the system's keychain by ${keychain.program}.`;
    throw new CliError(exitCodes.cannotCreate, message);
  }
  await logins.write(url, undefined, environment);
  return login;
}
