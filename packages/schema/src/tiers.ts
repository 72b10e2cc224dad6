import * as z from 'zod';

/** What a tier allows. Requests count with a JWT and with a key apart; figures a second are published but never bind. */
export interface TierLimits {
  readonly requestsPerMonth: number;
  readonly requestsPerDay: number;
  readonly requestsPerMinute: number;
  readonly requestsPerSecond: number;
  /** Keys that an owner may hold at once, not counting expired ones. */
  readonly maximumKeys: number;
}

/** An owner's active keys are listed in one document of bounded size, so the published "unlimited" ends here. */
export const unlimitedKeys = 1000;

/** The published tiers (contract, part B). `999,999+` requests a month are 999,999 (part C). */
export const tiers = {
  pioneer: {
    requestsPerMonth: 15_000,
    requestsPerDay: 500,
    requestsPerMinute: 20,
    requestsPerSecond: 20,
    maximumKeys: 1,
  },
  starter: {
    requestsPerMonth: 75_000,
    requestsPerDay: 2_500,
    requestsPerMinute: 50,
    requestsPerSecond: 50,
    maximumKeys: 2,
  },
  growth: {
    requestsPerMonth: 750_000,
    requestsPerDay: 25_000,
    requestsPerMinute: 500,
    requestsPerSecond: 500,
    maximumKeys: 5,
  },
  enterprise: {
    requestsPerMonth: 999_999,
    requestsPerDay: 100_000,
    requestsPerMinute: 2_000,
    requestsPerSecond: 2_000,
    maximumKeys: unlimitedKeys,
  },
} as const satisfies Record<string, TierLimits>;

/** The name of a tier. */
export type Tier = keyof typeof tiers;

/** The tier of a token that names none (service contract, "The JWT"). */
export const defaultTier: Tier = 'pioneer';

/** Accepts the name of a tier and nothing else. */
export const tierSchema = z.enum(Object.keys(tiers) as [Tier, ...Tier[]]);

/** Says whether a string names a tier; safe for names such as `constructor`. */
export function isTier(name: string): name is Tier {
  return Object.hasOwn(tiers, name);
}
