import { ApiError } from '@andamio/client';
import { table } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { findKey, keyVariable } from '../key-source.ts';
import { minuteOf } from '../text.ts';

export const verify = defineCommand({
  summary: 'Verifies a key, and shows its owner. Counts as a request with the key.',
  details: [
    `The key is standard input with --key-stdin, or ${keyVariable}, or the key of the login. Exits`,
    'with 1 if it is not valid.',
  ],
  credential: 'key',
  options: {
    'key-stdin': { type: 'boolean', help: 'Read the key from standard input.' },
  },
  plan:
    ({ values }) =>
    async (context) => {
      const key = await findKey(values['key-stdin'] === true, context);
      try {
        const answer = await context.client.verifyApiKey(key);
        return {
          json: { valid: true, ...answer },
          text: table([
            ['Valid', 'yes'],
            ['Name', answer.name],
            ['Owner', answer.user_id],
            ['Tier', answer.tier],
            ['Created', `${minuteOf(answer.created_at)} UTC`],
            ['Expires', `${minuteOf(answer.expires_at)} UTC`],
          ]),
        };
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'invalid_key')) throw error;
        return { json: { valid: false }, text: ['Valid  no'], exitCode: exitCodes.refused };
      }
    },
});
