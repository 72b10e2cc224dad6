import { type Context, defineCommand } from '../command.ts';
import { failureOf } from '../failure.ts';
import { issue } from '../issue.ts';
import { daysOption, integerOf } from '../options.ts';
import { targetHelp, targetOf, targetOption } from '../targets/target.ts';
import { minuteOf, printable } from '../text.ts';

/**
 * Deletes a new key that could neither be printed nor stored. Returns a message about the result.
 */
async function deleteLost({ client }: Context, name: string): Promise<string> {
  try {
    await client.deleteApiKey({ api_key_name: name });
    return `The key ${printable(name)} was deleted again.`;
  } catch (error) {
    return `${failureOf(error).message}
The key ${printable(name)} exists, but is lost. Delete it with andamio keys delete.`;
  }
}

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
        onLost: ({ name }) => deleteLost(context, name),
      });
  },
});
