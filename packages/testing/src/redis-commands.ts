/**
 * The commands that a verification sends to Redis. A test of the service counts them, and the
 * simulation of its load uses the numbers.
 */
export const redisCommands = {
  /** Counts the request. */
  verification: 1,
  /**
   * Count the request against the limit of its address and refund it, in addition. A key that the
   * instance has cached needs neither, nor does a guard.
   */
  uncachedKey: 2,
} as const;
