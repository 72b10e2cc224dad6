import * as z from 'zod';

/**
 * The limits of a tier. Requests with a JWT and requests with an API key are counted separately.
 * The per-second limits are published but not enforced.
 */
export interface TierLimits {
  readonly requestsPerMonth: number;
  readonly requestsPerDay: number;
  readonly requestsPerMinute: number;
  readonly requestsPerSecond: number;
  /** Maximum number of unexpired keys per owner. */
  readonly maximumKeys: number;
}

/**
 * Maximum number of keys per owner in a tier with "unlimited" keys. A maximum is needed because one
 * document, of limited size, lists all active keys of an owner.
 */
export const unlimitedKeys = 1000;

/**
 * The published tiers (contract, part B). A published limit of `999,999+` requests per month means
 * 999,999 (contract, part C).
 */
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

export type Tier = keyof typeof tiers;

/** The tier of a user whose token does not contain a tier (contract, "The token"). */
export const defaultTier: Tier = 'pioneer';

// Marked as pure, so that a browser bundle that uses only the limits does not contain zod.
export const tierSchema = /* @__PURE__ */ z.enum(
  /* @__PURE__ */ Object.keys(tiers) as [Tier, ...Tier[]],
);

/**
 * Reports whether a string is the name of a tier. Inherited property names such as `constructor`
 * are not tiers.
 */
export function isTier(name: string): name is Tier {
  return Object.hasOwn(tiers, name);
}
