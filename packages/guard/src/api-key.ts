import type { Tier } from '@andamio/schema/tiers';

/** The API key of a request, and its owner. */
export interface ApiKey {
  readonly userId: string;
  /** The name of the key. */
  readonly name: string;
  /** The owner's tier. */
  readonly tier: Tier;
  readonly expiresAt: Date;
}

/**
 * Creates the value that all requests with a key share while it is cached. It is immutable, so that
 * one request cannot affect another.
 *
 * @param expiresAt expiry in Unix milliseconds.
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
      /** The API key of the request. Set by the guard; undefined in middleware before it. */
      apiKey: ApiKey;
    }
  }
}
