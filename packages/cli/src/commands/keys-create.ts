import type { IssuedApiKey } from '@andamio/client';
import { type Context, defineCommand, type Report } from '../command.ts';
import { failureOf } from '../failure.ts';
import { daysOption, integerOf } from '../options.ts';
import { minuteOf, printable } from '../text.ts';

/** Deletes a key that could not be delivered, so that none exists that nobody holds. */
async function undo({ client }: Context, name: string): Promise<string> {
  try {
    await client.deleteApiKey({ api_key_name: name });
    return `The key ${printable(name)} was deleted again.`;
  } catch (error) {
    return `${failureOf(error).message}
The key ${printable(name)} exists, but is lost. Delete it: andamio keys delete`;
  }
}

function reportOf(context: Context, key: IssuedApiKey): Report {
  return {
    json: key,
    text: [key.api_key],
    notes: [
      `Created the key ${printable(key.name)}. It expires on ${minuteOf(key.expires_at)} UTC.`,
      'Store it now: it is not shown again.',
    ],
    onUnwritten: () => undo(context, key.name),
  };
}

export const create = defineCommand({
  parameter: 'NAME',
  summary: 'Creates a key.',
  details: [
    'Prints the key, and nothing else, to standard output. A key that cannot be printed is deleted',
    'again. If a response is lost, the request is repeated without creating a second key.',
  ],
  credential: 'token',
  options: { days: daysOption('Days until the key expires. Default: 365.') },
  plan({ values, parameter }) {
    const expires_in_days = integerOf('days', values.days, [1, 999_999_999]);
    return async (context) =>
      reportOf(
        context,
        await context.client.requestApiKey({ api_key_name: parameter, expires_in_days }),
      );
  },
});
