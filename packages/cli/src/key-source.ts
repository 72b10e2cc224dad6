import { text } from 'node:stream/consumers';
import { isKey } from '@andamio/schema/key-format';
import { CliError, exitCodes } from './exit-code.ts';

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
 * Returns the key to verify: from standard input, or from `ANT_API_KEY`.
 *
 * @throws {@link CliError} if there is none, or if it does not have the format of a key.
 */
export async function findKey(fromInput: boolean, environment: NodeJS.ProcessEnv): Promise<string> {
  if (fromInput) return keyIn(await text(process.stdin), 'Standard input');
  const variable = environment[keyVariable];
  if (variable) return keyIn(variable, keyVariable);
  throw new CliError(
    exitCodes.credentials,
    `This command needs a key. Set ${keyVariable}, or pass the key to --key-stdin.`,
  );
}
