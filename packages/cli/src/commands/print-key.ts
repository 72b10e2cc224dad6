import { defineCommand } from '../command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findStoredKey } from '../stored-key/stored-key.ts';
import { suggestedCommand } from '../suggested-command.ts';

export const printKey = defineCommand({
  summary: 'Prints the key of the login, for a program that needs it.',
  details: [`For example: ANT_API_KEY="$(andamio print-key)" node program.js`],
  credential: 'none',
  options: {},
  plan: () => async (context) => {
    const key = await findStoredKey(context);
    if (key === undefined) {
      throw new CliError(
        exitCodes.credentials,
        `There is no key for ${context.url}. Log in: ${suggestedCommand('login', context)}`,
      );
    }
    return { json: { api_key: key }, text: [key] };
  },
});
