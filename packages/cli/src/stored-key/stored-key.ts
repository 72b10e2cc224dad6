import { isKey, keyStart } from '@andamio/schema/key-format';
import { printable } from '@andamio/schema/printable';
import { CliError, exitCodes } from '../exit-code.ts';
import { systemKeychain } from './keychain.ts';
import { type Login, logins } from './logins.ts';

/** A new key with the fields that a login keeps. */
export interface KeyToStore {
  readonly api_key: string;
  readonly name: string;
  readonly expires_at: string;
  /** Undefined if it is not known to whom the key belongs. */
  readonly user_id?: string;
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
  const login = { name, start: keyStart(api_key), user_id, expires_at };
  // The file is written first. If that fails, the keychain keeps the key of the previous login.
  await logins.write(url, { ...login, storage: keychain.program }, environment);
  if ((await keychain.store(url, api_key)) && (await keychain.find(url)) === api_key)
    return `in the system's keychain, by ${keychain.program}`;
  await keychain.remove(url);
  await logins.write(url, { ...login, storage: 'file', api_key }, environment);
  const path = printable(logins.path(url, environment));
  // On Windows, the file has the permissions of its folder.
  const mode = process.platform === 'win32' ? '' : ' with mode 0600';
  return `in ${path}${mode}, because no keychain works here`;
}

/** Returns the stored key of a service, or undefined if there is none. */
export async function findStoredKey(
  url: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const login = await logins.find(url, environment);
  if (login === undefined) return undefined;
  const key =
    login.storage === 'file' ? login.api_key : await systemKeychain(environment).find(url);
  return key !== undefined && isKey(key) ? key : undefined;
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
  await keychain.remove(url);
  if ((await keychain.find(url)) !== undefined) {
    const message = `The key could not be removed from the system's keychain by ${keychain.program}.`;
    throw new CliError(exitCodes.cannotCreate, message);
  }
  const login = await logins.find(url, environment);
  await logins.write(url, undefined, environment);
  return login;
}
