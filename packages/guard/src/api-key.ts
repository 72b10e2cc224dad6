import type { Tier } from '@andamio/schema/tiers';

/** The key that a request came with, and whose it is. */
export interface ApiKey {
  readonly userId: string;
  /** What the owner calls the key. */
  readonly name: string;
  /** The owner's tier. */
  readonly tier: Tier;
  readonly expiresAt: Date;
}

/**
 * Makes what all requests with a key are given, for as long as it is remembered: nothing that one of them does to it is seen by
 * another, and none costs an object.
 *
 * @param expiresAt Unix milliseconds.
 */
export function createApiKey(facts: Omit<ApiKey, 'expiresAt'>, expiresAt: number): ApiKey {
  const { userId, name, tier } = facts;
  return Object.freeze({
    userId,
    name,
    tier,
    get expiresAt() {
      return new Date(expiresAt);
    },
  });
}

declare global {
  namespace Express {
    interface Request {
      /** Set by the guard on every request that it lets pass; there is none before it. */
      apiKey: ApiKey;
    }
  }
}
