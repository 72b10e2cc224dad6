import type { Tier } from '@andamio/schema/tiers';

/** The API key that a request presented, and the key's owner. */
export interface ApiKey {
  readonly userId: string;
  /** The name that the owner gave the key. */
  readonly name: string;
  readonly tier: Tier;
  readonly expiresAt: Date;
}

/**
 * Creates the `req.apiKey` value. All requests that present the key share the value while it is
 * cached. It is frozen so that one request cannot modify another's.
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
      /**
       * The API key that the request presented. Middleware that runs before the guard sees
       * undefined.
       */
      apiKey: ApiKey;
    }
  }
}
