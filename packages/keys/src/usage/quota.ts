import { type Tier, tiers } from '@andamio/schema/tiers';
import { endOfDay, endOfMonth } from './calendar.ts';
import type { UsageTotals } from './store.ts';

export interface ExhaustedQuota {
  readonly period: 'day' | 'month';
  /** When the day or month ends, in Unix seconds. */
  readonly endsAt: number;
}

/**
 * Returns which quota of a tier is used up, if any. If both quotas are used up, returns the monthly
 * quota, since waiting until the next day would not help.
 *
 * @param today the UTC day of the totals.
 */
export function exhaustedBy(
  used: UsageTotals,
  tier: Tier,
  today: string,
): ExhaustedQuota | undefined {
  const { requestsPerDay, requestsPerMonth } = tiers[tier];
  if (used.month >= requestsPerMonth) return { period: 'month', endsAt: endOfMonth(today) };
  if (used.day >= requestsPerDay) return { period: 'day', endsAt: endOfDay(today) };
  return undefined;
}
