import type { UsageMonth } from '@andamio/keys/usage/month';
import * as z from 'zod';

const numbers = z.record(z.string(), z.number());

/** The schemas of the fields of {@link UsageMonth} in both stores. */
export const usageMonthFields = {
  total: z.number(),
  days: numbers,
  names: z.record(z.string(), numbers),
  last_uses: numbers,
  instances: numbers,
  forgotten: z.number(),
} satisfies { readonly [Field in keyof UsageMonth]: z.ZodType<UsageMonth[Field]> };
