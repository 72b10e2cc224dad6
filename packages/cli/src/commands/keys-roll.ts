import { defineCommand } from '../command.ts';
import { integerOf } from '../options.ts';
import { minuteOf, printable } from '../text.ts';

export const roll = defineCommand({
  parameter: 'NAME',
  summary: 'Replaces the secret of a key. The name and the expiry stay the same.',
  details: [
    'Prints the new key, and nothing else, to standard output. The previous secret stays valid for',
    'a grace period.',
  ],
  credential: 'token',
  options: {
    grace: {
      type: 'string',
      value: 'SECONDS',
      help: 'How long the previous secret stays valid. 0 revokes it at once. Default: 86400.',
    },
  },
  plan({ values, parameter }) {
    const grace_seconds = integerOf('grace', values.grace, [0, 999_999_999]);
    return async ({ client }) => {
      const key = await client.rollApiKey({ api_key_name: parameter, grace_seconds });
      const previous = `The previous secret is valid until ${minuteOf(key.previous_expires_at)} UTC.`;
      return {
        json: key,
        text: [key.api_key],
        notes: [
          `Replaced the secret of the key ${printable(key.name)}. ${previous}`,
          'Store the new key now: it is not shown again.',
        ],
        onUnwritten: async () => `The new secret is lost. ${previous} Roll the key again.`,
      };
    };
  },
});
