import * as z from 'zod';
import { basePath } from '../hosts.ts';
import { tierSchema } from '../tiers.ts';
import { integer, timestamp } from './fields.ts';
import type { BearerReadOperation } from './operation.ts';

const success = z
  .object({
    daily_quota_consumed: integer.meta({
      description: 'Requests with your keys in the current UTC day.',
    }),
    daily_quota_limit: integer.meta({ description: 'Requests per UTC day that your tier allows.' }),
    monthly_quota_consumed: integer.meta({
      description: 'Requests with your keys in the current UTC month.',
    }),
    monthly_quota_limit: integer.meta({
      description: 'Requests per UTC month that your tier allows.',
    }),
    remaining_daily: integer.meta({
      description: 'Requests remaining in the current UTC day; never below 0.',
    }),
    remaining_monthly: integer.meta({
      description: 'Requests remaining in the current UTC month; never below 0.',
    }),
    rate_limit_windows: z
      .array(z.string())
      .meta({ description: 'Rate limits of your tier, such as `20 req/min`.' }),
    subscription_tier: tierSchema.meta({
      description: 'Your tier, as named by the newest token.',
    }),
    expiration: timestamp.nullable().meta({ description: 'Always null: tiers do not expire.' }),
  })
  .meta({ id: 'Usage' });

/** The body of a successful response. */
export type Usage = z.output<typeof success>;

/** GET /api/v1/user/usage (contract, parts B and C). */
export const getUsage = {
  id: 'get-usage',
  method: 'get',
  path: `${basePath}/user/usage`,
  tag: 'User',
  summary: "Get the User's Usage and Quotas",
  description:
    "Returns the user's daily and monthly quotas, and how much of each quota the user's keys have consumed, including deleted keys. " +
    'Days and months are UTC. Each request with a valid key counts, and is included within 5 seconds after the service has counted it. ' +
    'A guard reports the requests that it answers from its cache some seconds later.',
  security: 'bearer',
  permission: 'apikey:read',
  success: {
    description: 'Usage and quotas.',
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
