import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { secondsPerDay } from '../timestamps.ts';
import { calendarDate, existingKeyName, integer } from './fields.ts';
import type { BearerOperation } from './operation.ts';

/**
 * Maximum number of days in a requested range, including the first and the last day (contract, part
 * C).
 */
export const maximumUsageDays = 366;

const days = (first: string, last: string) =>
  (Date.parse(last) - Date.parse(first)) / 1000 / secondsPerDay + 1;

const body = z
  .object(
    {
      start_date: calendarDate.meta({ description: 'The first UTC day of the range, inclusive.' }),
      end_date: calendarDate.meta({
        description: `The last UTC day of the range, inclusive. Must not be before start_date. The range has at most ${maximumUsageDays} days.`,
      }),
      api_key_names: z.array(existingKeyName, { error: 'must be an array' }).optional().meta({
        description:
          'Names of the keys to include. Defaults to all of your keys. Names that match none of your keys are ignored.',
      }),
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
    requests: integer.meta({
      description: 'Number of requests with the key while it was valid; at least 1.',
    }),
  })
  .meta({ id: 'DailyUsageOfKey' });

const success = z
  .object({ usage: z.array(row).meta({ description: 'Rows sorted by date, then by name.' }) })
  .meta({ id: 'DailyUsage' });

/** The parsed request body. */
export type GetDailyUsageBody = z.output<typeof body>;
/** The body of a successful response. */
export type DailyUsage = z.output<typeof success>;

/** POST /api/v1/user/usage/daily (contract, parts B and C). */
export const getDailyUsage = {
  id: 'get-daily-usage',
  method: 'post',
  path: `${basePath}/user/usage/daily`,
  tag: 'User',
  summary: 'Get the Daily Usage of API Keys',
  description:
    "Returns the number of requests with each of the user's keys on each day. Days on which a key was not used have no row. " +
    'Usage belongs to the name: a key that is deleted and issued again under the same name continues its usage. ' +
    'Usage is kept for 13 months. It includes a request within 5 seconds after the service has counted it; a guard reports the requests that it answers from its cache some seconds later.',
  security: 'bearer',
  permission: 'apikey:read',
  body: {
    description: 'The days, and the names of the keys.',
    schema: body,
    example: { start_date: '2023-01-01', end_date: '2023-01-31' },
  },
  success: {
    description: 'Number of requests by day and key.',
    schema: success,
    example: { usage: [{ date: '2023-01-31', api_key_name: 'MyFirstKey', requests: 42 }] },
  },
  errors: [400, 401, 403, 422, 429, 500],
} as const satisfies BearerOperation<typeof body>;
