import type { RolledApiKey } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { defineCommand } from '../command.ts';
import { issue } from '../issue.ts';
import { integerOf } from '../options.ts';
import { rollAgain } from '../service.ts';
import { targetHelp, targetOf, targetOption } from '../targets/target.ts';
import { minuteOf } from '../text.ts';

// Both times are at the same second if there is no grace period.
const isPreviousValid = ({ created_at, previous_expires_at }: RolledApiKey) =>
  previous_expires_at !== created_at;

const previous = (key: RolledApiKey) =>
  isPreviousValid(key)
    ? `The previous secret is valid until ${minuteOf(key.previous_expires_at)} UTC.`
    : 'The previous secret has expired, and stops working within seconds.';

export const roll = defineCommand({
  parameter: 'NAME',
  summary: 'Replaces the secret of a key. The name and the expiry stay the same.',
  details: [
    'Prints the new key, and nothing else, to standard output. The previous secret stays valid for',
    'a grace period.',
    ...targetHelp,
  ],
  credential: 'token',
  options: {
    grace: {
      type: 'string',
      value: 'SECONDS',
      help: 'Seconds for which the previous secret stays valid. With 0, it expires at once. Default: 86400.',
    },
    ...targetOption,
  },
  plan({ values, parameter }) {
    const grace_seconds = integerOf('grace', values.grace, [0, 999_999_999]);
    const target = targetOf(values.to);
    return (context) =>
      issue(context, target, {
        request: () => context.client.rollApiKey({ api_key_name: parameter, grace_seconds }),
        describe: (key) =>
          `Replaced the secret of the key ${printable(key.name)}. ${previous(key)}`,
        onLost: async (key) =>
          `The new secret is lost. ${previous(key)} ${rollAgain(isPreviousValid(key))}`,
      });
  },
});
