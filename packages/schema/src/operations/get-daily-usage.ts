import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { secondsPerDay } from '../timestamps.ts';
import { apiKeyName, calendarDate, integer } from './fields.ts';
import type { BearerOperation } from './operation.ts';

/** Days that can be asked for at once, both dates included (contract, part C). */
export const maximumUsageDays = 366;

const days = (first: string, last: string) => (Date.parse(last) - Date.parse(first)) / 1000 / secondsPerDay + 1;

const body = z
  .object(
    {
      start_date: calendarDate.meta({ description: 'The first UTC day.' }),
      end_date: calendarDate.meta({
        description: `The last UTC day: not before the first, and at most ${maximumUsageDays} days with it.`,
      }),
      api_key_names: z
        .array(apiKeyName, { error: 'must be an array' })
        .optional()
        .meta({ description: 'Only keys of these names; all that you hold if left out. Others give no rows.' }),
    },
    { error: 'must be an object' },
  )
  .refine(({ start_date, end_date }) => start_date <= end_date, {
    path: ['end_date'],
    error: 'must not be before start_date',
    abort: true,
  })
  .refine(({ start_date, end_date }) => days(start_date, end_date) <= maximumUsageDays, {
    path: ['end_date'],
    error: `must be at most ${maximumUsageDays} days from start_date, both included`,
  })
  .meta({ id: 'GetDailyUsageBody' });

const row = z
  .object({
    date: calendarDate.meta({ description: 'The UTC day.' }),
    api_key_name: z.string().meta({ description: 'The name of the key.' }),
    requests: integer.meta({ description: 'Requests in which the key was found good: at least 1.' }),
  })
  .meta({ id: 'DailyUsageOfKey' });

const success = z
  .object({ usage: z.array(row).meta({ description: 'By date, then by name.' }) })
  .meta({ id: 'DailyUsage' });

/** The body as understood. */
export type GetDailyUsageBody = z.output<typeof body>;
/** The answer. */
export type DailyUsage = z.output<typeof success>;

/** POST /api/v1/user/usage/daily (contract, parts B and C). */
export const getDailyUsage = {
  id: 'get-daily-usage',
  method: 'post',
  path: `${basePath}/user/usage/daily`,
  tag: 'User',
  summary: 'Get the Daily Usage of API Keys',
  description:
    "How often the user's keys were used on each day. Names that the user does not hold, and days on which a key was not used, give no rows. " +
    'Usage belongs to the name: a key that is deleted and issued again goes on where it was. It is kept for 13 months; a request shows here within 5 seconds.',
  security: 'bearer',
  permission: 'apikey:read',
  body: {
    description: 'Which days, and of which keys.',
    schema: body,
    example: { start_date: '2023-01-01', end_date: '2023-01-31' },
  },
  success: {
    description: 'Requests by day and key.',
    schema: success,
    example: { usage: [{ date: '2023-01-31', api_key_name: 'MyFirstKey', requests: 42 }] },
  },
  errors: [400, 401, 403, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
