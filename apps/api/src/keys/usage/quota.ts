import { type Tier, tiers } from '@andamio/schema/tiers';
import { endOfDay, endOfMonth } from './calendar.ts';
import type { UsageTotals } from './store.ts';

/** A quota of which nothing is left. */
export interface ExhaustedQuota {
  readonly period: 'day' | 'month';
  /** When its day or month is over, Unix seconds. */
  readonly endsAt: number;
}

/**
 * Says which quota of a tier has been used up: the month's where both have, since waiting for another day would not help.
 *
 * @param today the UTC day that the totals are of.
 */
export function exhaustedBy(used: UsageTotals, tier: Tier, today: string): ExhaustedQuota | undefined {
  const { requestsPerDay, requestsPerMonth } = tiers[tier];
  if (used.month >= requestsPerMonth) return { period: 'month', endsAt: endOfMonth(today) };
  if (used.day >= requestsPerDay) return { period: 'day', endsAt: endOfDay(today) };
  return undefined;
}
