/** The length of every rate-limit window in milliseconds: limits are published as requests a minute. */
export const rateLimitWindow = 60_000;

/** Response headers of the rate limits: the published `X-RateLimit-*` and those of the IETF draft (version 8). */
export const rateLimitHeaders = [
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
] as const;
