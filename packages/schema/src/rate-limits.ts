/** Length of a rate-limit window in milliseconds. The published limits are per minute. */
export const rateLimitWindow = 60_000;

/**
 * Response headers with the state of a rate limit: the published `X-RateLimit-*` headers,
 * `Retry-After`, and the headers of version 8 of the IETF draft on rate limit headers.
 */
export const rateLimitHeaders = [
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
] as const;
