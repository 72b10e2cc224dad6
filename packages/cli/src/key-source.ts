import { text } from 'node:stream/consumers';
import { isKey } from '@andamio/schema/key-format';
import type { Context } from './command.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { findStoredKey } from './stored-key/stored-key.ts';
import { suggestedCommand } from './suggested-command.ts';

/** The environment variable that contains the user's key. */
export const keyVariable = 'ANT_API_KEY';

function keyIn(value: string, source: string): string {
  const key = value.trim();
  if (isKey(key)) return key;
  throw new CliError(
    exitCodes.refused,
    `${source} does not contain a key, or the key is mistyped: its checksum is wrong.`,
  );
}

/**
 * Returns the key that a command uses: from standard input, from `ANT_API_KEY`, or from the stored
 * login.
 *
 * @throws {@link CliError} if there is no key, or if the text does not have the format of a key.
 */
export async function findKey(fromInput: boolean, context: Context): Promise<string> {
  if (fromInput) return keyIn(await text(process.stdin), 'Standard input');
  const { environment } = context;
  const variable = environment[keyVariable];
  if (variable) return keyIn(variable, keyVariable);
  const stored = await findStoredKey(context);
  if (stored !== undefined) return stored;
  throw new CliError(
    exitCodes.credentials,
    `This command needs a key. Set ${keyVariable}, or log in: ${suggestedCommand('login', context)}`,
  );
}
