import type { Client } from '@andamio/client';
import { allKeys } from '../all-keys.ts';
import type { Context, Report } from '../command.ts';
import { failureOf } from '../failure.ts';
import { findLogin } from '../stored-key/login-file.ts';
import { printable } from '../text.ts';
import { type LoginKey, reportLogin } from './report-login.ts';

/**
 * Deletes the key of the previous login on this machine, if the key belongs to this user and has
 * the given name. A key of that name that was created elsewhere is not deleted, because its first
 * characters differ.
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
 * Creates the key of a login for the signed-in user. It replaces the key of the previous login if
 * both have the same name.
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
