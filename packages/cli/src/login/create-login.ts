import type { Client } from '@andamio/client';
import { keyStart } from '@andamio/schema/key-format';
import { allKeys } from '../all-keys.ts';
import type { Context, Report } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { findLogin } from '../stored-key/login-file.ts';
import { type KeyToStore, storeKey } from '../stored-key/stored-key.ts';
import { minuteOf, printable } from '../text.ts';

/** The key that a login asks for. */
export interface LoginKey {
  readonly name: string;
  readonly days: number | undefined;
}

/**
 * Deletes the key of the previous login on this machine, if the user has it. A key with the same
 * name that was created elsewhere is not deleted: its first characters differ.
 */
async function deletePrevious(
  client: Client,
  name: string,
  { url, environment }: Context,
): Promise<void> {
  const previous = await findLogin(url, environment);
  if (previous?.name !== name) return;
  const keys = await allKeys(client);
  if (keys.some((key) => key.name === name && key.start === previous.start))
    await client.deleteApiKey({ api_key_name: name });
}

/**
 * Creates the key of a login as the signed-in user, in place of the key of the previous login.
 *
 * @param client a client with the token of the user
 */
export async function createLoginKey(
  client: Client,
  { name, days }: LoginKey,
  context: Context,
): Promise<Report> {
  await deletePrevious(client, name, context);
  const key = await client.requestApiKey({ api_key_name: name, expires_in_days: days });
  return reportLogin(key, context, async () => {
    try {
      await client.deleteApiKey({ api_key_name: name });
      return `The key ${printable(name)} was deleted again.`;
    } catch (error) {
      return `${failureOf(error).message}\nThe key ${printable(name)} exists, but is lost. Delete it.`;
    }
  });
}

/**
 * Stores the key of a login and reports where.
 *
 * @param onLost called if the key cannot be stored. Returns a message about the effect.
 * @throws {@link CliError} if the key cannot be stored.
 */
async function reportLogin(
  key: KeyToStore,
  { url, environment }: Context,
  onLost: () => Promise<string>,
): Promise<Report> {
  const place = await storeKey(url, key, environment).catch(async (error: unknown) => {
    throw new CliError(exitCodes.cannotCreate, `${failureOf(error).message}\n${await onLost()}`);
  });
  const { api_key, name, expires_at } = key;
  const start = keyStart(api_key);
  return {
    json: { url, name, start, expires_at },
    text: [],
    notes: [
      `Logged in to ${url} with the new key ${printable(name)} (${start}…).`,
      `It expires on ${minuteOf(expires_at)} UTC, and is stored ${place}.`,
    ],
  };
}
