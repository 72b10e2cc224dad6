import { printable } from '@andamio/schema/printable';
import { defineCommand } from '../command.ts';
import { daysOption, integerOf } from '../options.ts';

export const extend = defineCommand({
  parameter: 'NAME',
  summary: 'Extends a key. Its secret stays the same.',
  details: ['A key can be extended from one day before its expiry until 30 days after it.'],
  credential: 'token',
  options: {
    days: daysOption('Days by which the key is extended. Default: its current number of days.'),
  },
  plan({ values, parameter }) {
    const expires_in_days = integerOf('days', values.days, [1, 999_999_999]);
    return async ({ client }) => {
      const answer = await client.rotateApiKey({ api_key_name: parameter, expires_in_days });
      return { json: answer, text: [printable(answer.confirmation)] };
    };
  },
});
