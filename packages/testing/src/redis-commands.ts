/**
 * The commands that a verification sends to Redis. A test counts them in the service, and the
 * simulation of a load uses the numbers.
 */
export const redisCommands = {
  /** Counts the request. */
  verification: 1,
  /**
   * Additional commands that count the request against the limit of its address, and refund it.
   * Neither is needed for a cached key, or for a guard.
   */
  uncachedKey: 2,
} as const;
