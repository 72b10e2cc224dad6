/** Length of every rate-limit window in milliseconds. Limits are published per minute. */
export const rateLimitWindow = 60_000;

/**
 * Response headers with the state of a rate limit: the published `X-RateLimit-*`, and those of the
 * IETF draft (version 8).
 */
export const rateLimitHeaders = [
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
] as const;
