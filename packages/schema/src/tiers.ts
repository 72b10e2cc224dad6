import * as z from 'zod';

/**
 * The limits of a tier. Requests with a JWT and with a key are counted separately. The limits per
 * second are published but have no effect.
 */
export interface TierLimits {
  readonly requestsPerMonth: number;
  readonly requestsPerDay: number;
  readonly requestsPerMinute: number;
  readonly requestsPerSecond: number;
  /** Largest number of unexpired keys of one owner. */
  readonly maximumKeys: number;
}

/**
 * Largest number of keys in an "unlimited" tier. An owner's active keys are listed in one document
 * of limited size.
 */
export const unlimitedKeys = 1000;

/** The published tiers (contract, part B). `999,999+` requests per month are 999,999 (part C). */
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

/** The tier of a token that does not name one (service contract, "The JWT"). */
export const defaultTier: Tier = 'pioneer';

/** The schema of a tier's name. */
export const tierSchema = z.enum(Object.keys(tiers) as [Tier, ...Tier[]]);

/** Reports whether a string is the name of a tier. Safe for names such as `constructor`. */
export function isTier(name: string): name is Tier {
  return Object.hasOwn(tiers, name);
}
