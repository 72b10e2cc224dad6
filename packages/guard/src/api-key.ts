/** The plan of a user. It sets the maximum number of keys, the rate limits and the quotas. */
export type Tier = 'pioneer' | 'starter' | 'growth' | 'enterprise';

/** The API key that a request presented, and the key's owner. */
export interface ApiKey {
  /** The id of the key's owner. */
  readonly userId: string;
  /** The name that the owner gave the key. */
  readonly name: string;
  /** The owner's tier. */
  readonly tier: Tier;
  /** Time at which the key expires. */
  readonly expiresAt: Date;
}

/**
 * Creates the value that a guard attaches to a request. While it is cached, all requests with the
 * key share it. It is frozen, so that no request can change it for others.
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
