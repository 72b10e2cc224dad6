import { keyStart } from '@andamio/schema/key-format';
import { printable } from '@andamio/schema/printable';
import type { Context, Report } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { clearLastWords } from '../signals.ts';
import { type KeyToStore, storeKey } from '../stored-key/stored-key.ts';
import { minuteOf } from '../text.ts';

/** The name and the validity of the key that a login requests. */
export interface LoginKey {
  readonly name: string;
  readonly days: number;
}

/**
 * Stores the key of a login, and returns a report that says where it is stored.
 *
 * @param onLost called if the key cannot be stored. Returns a message that says what happened to
 *   the key.
 * @throws {@link CliError} if the key cannot be stored.
 */
export async function reportLogin(
  key: KeyToStore,
  { url, environment }: Context,
  onLost: () => Promise<string>,
): Promise<Report> {
  const place = await storeKey(url, key, environment).catch(async (error: unknown) => {
    throw new CliError(exitCodes.cannotCreate, `${failureOf(error).message}\n${await onLost()}`);
  });
  clearLastWords();
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
