import { printable } from '@andamio/schema/printable';
import { defineCommand } from '../command.ts';
import { deleteLost } from '../delete-lost.ts';
import { issue } from '../issue.ts';
import { daysOption, integerOf } from '../options.ts';
import { targetHelp, targetOf, targetOption } from '../targets/target.ts';
import { minuteOf } from '../text.ts';

export const create = defineCommand({
  parameter: 'NAME',
  summary: 'Creates a key.',
  details: [
    'Prints the key, and nothing else, to standard output. A key that can be neither printed nor',
    'stored is deleted again. If a response is lost, the request is repeated without creating a',
    'second key.',
    ...targetHelp,
  ],
  credential: 'token',
  options: { days: daysOption('Days until the key expires. Default: 365.'), ...targetOption },
  plan({ values, parameter }) {
    const expires_in_days = integerOf('days', values.days, [1, 999_999_999]);
    const target = targetOf(values.to);
    return (context) =>
      issue(context, target, {
        request: () => context.client.requestApiKey({ api_key_name: parameter, expires_in_days }),
        describe: ({ name, expires_at }) =>
          `Created the key ${printable(name)}. It expires on ${minuteOf(expires_at)} UTC.`,
        onLost: ({ name }) => deleteLost(context.client, name, context),
      });
  },
});
