import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { tierSchema } from '../tiers.ts';
import { integer, timestamp } from './fields.ts';
import type { BearerReadOperation } from './operation.ts';

const success = z
  .object({
    daily_quota_consumed: integer.meta({ description: 'Requests with your keys on this UTC day, as far as stored.' }),
    daily_quota_limit: integer.meta({ description: 'As many as the tier allows on a day.' }),
    monthly_quota_consumed: integer.meta({ description: 'The same of this UTC month.' }),
    monthly_quota_limit: integer.meta({ description: 'As many as the tier allows in a month.' }),
    remaining_daily: integer.meta({ description: 'What is left of the day; never less than 0.' }),
    remaining_monthly: integer.meta({ description: 'What is left of the month; never less than 0.' }),
    rate_limit_windows: z.array(z.string()).meta({ description: 'How many requests are allowed in how long.' }),
    subscription_tier: tierSchema.meta({
      description: 'The tier that the newest token named, whose limits these are.',
    }),
    expiration: timestamp.nullable().meta({ description: 'When the tier ends; null, since tiers do not end here.' }),
  })
  .meta({ id: 'Usage' });

/** The answer: the nine published fields. */
export type Usage = z.output<typeof success>;

/** GET /api/v1/user/usage (contract, parts B and C). */
export const getUsage = {
  id: 'get-usage',
  method: 'get',
  path: `${basePath}/user/usage`,
  tag: 'User',
  summary: "Get the User's Usage and Quotas",
  description:
    "How much of the day's and the month's quota the user's keys have consumed, all together and deleted ones included. " +
    'Days and months are UTC. What counts are requests in which a key was found good; a request shows here within 5 seconds.',
  security: 'bearer',
  permission: 'apikey:read',
  success: {
    description: 'Consumption and limits.',
    schema: success,
    example: {
      daily_quota_consumed: 42,
      daily_quota_limit: 500,
      monthly_quota_consumed: 1_200,
      monthly_quota_limit: 15_000,
      remaining_daily: 458,
      remaining_monthly: 13_800,
      rate_limit_windows: ['20 req/min'],
      subscription_tier: 'pioneer',
      expiration: null,
    },
  },
  errors: [401, 403, 429, 500],
} as const satisfies BearerReadOperation;
