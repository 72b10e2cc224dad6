/**
 * The request header with which a guard proves that it acts for many clients (service contract,
 * "Edges", "Address limit"). Its value is one of the service's GUARD_SECRETS.
 */
export const guardSecretHeader = 'X-Guard-Secret';

/**
 * The request header with which a guard reports how many requests it answered from its cache since
 * its last report. They count like requests to `verify`.
 */
export const cachedAnswersHeader = 'X-Cached-Answers';

/** Largest number of requests in one report. */
export const maximumCachedAnswers = 1_000_000;

/**
 * A `Cache-Control` extension (RFC 9111 section 5.2.3) with the cache time of a `verify` response
 * in milliseconds, for times below the one-second resolution of `max-age`. Caches that do not know
 * the directive ignore it.
 */
export const maxAgeMsDirective = 'max-age-ms';

/**
 * Returns the `Cache-Control` of a successful `verify` response.
 *
 * @param milliseconds time for which the response may be cached.
 */
export function cacheControlFor(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const finer = seconds === 0 && milliseconds >= 1 ? `, ${maxAgeMsDirective}=${Math.floor(milliseconds)}` : '';
  return `private, max-age=${seconds}${finer}`;
}
