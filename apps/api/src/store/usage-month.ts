import type { UsageMonth } from '@andamio/keys/usage/month';
import * as z from 'zod';

const numbers = z.record(z.string(), z.number());

/** The fields of {@link UsageMonth}, as both stores keep them. */
export const usageMonthFields = {
  total: z.number(),
  days: numbers,
  names: z.record(z.string(), numbers),
  instances: numbers,
  forgotten: z.number(),
} satisfies { readonly [Field in keyof UsageMonth]: z.ZodType<UsageMonth[Field]> };
