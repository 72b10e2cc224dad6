/**
 * The numbers of commands that a verification sends to Redis. A test checks them against the
 * service, and the load simulation uses them.
 */
export const redisCommands = {
  /**
   * Number of commands for a verification that arrives alone. One command counts all verifications
   * that arrive in one turn of the event loop, so under load there are fewer commands per
   * verification.
   */
  verification: 1,
  /**
   * Number of additional commands for a key that is not cached. They count the request against the
   * rate limit of the client's address, and refund it. Requests from guards do not need them.
   */
  uncachedKey: 2,
} as const;
