/**
 * The request header with which a guard identifies itself. A guard is a service that verifies keys
 * for many clients, so its address is not rate-limited (contract, "Failures"). The value is one of
 * the service's GUARD_SECRETS.
 */
export const guardSecretHeader = 'X-Guard-Secret';

/**
 * The request header in which a guard reports how many requests it has answered from its cache
 * since its last report. The service counts these requests as if they were `verify` requests.
 */
export const cachedAnswersHeader = 'X-Cached-Answers';

/** Maximum number of requests that a guard can report at once. */
export const maximumCachedAnswers = 1_000_000;

/**
 * A `Cache-Control` extension (RFC 9111, section 5.2.3) that states the cache time of a `verify`
 * response in milliseconds. Used for cache times below one second, the resolution of `max-age`.
 * Caches that do not support the directive ignore it.
 */
export const maxAgeMsDirective = 'max-age-ms';

/**
 * Returns the `Cache-Control` header of a successful `verify` response.
 *
 * @param milliseconds how long the response may be cached.
 */
export function cacheControlFor(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const finer =
    seconds === 0 && milliseconds >= 1 ? `, ${maxAgeMsDirective}=${Math.floor(milliseconds)}` : '';
  return `private, max-age=${seconds}${finer}`;
}
