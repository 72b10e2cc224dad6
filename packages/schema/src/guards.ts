/**
 * The header by which a guard proves that it speaks for many clients (service contract, "Edges", "Address limit"). Its value is one of the
 * service's GUARD_SECRETS.
 */
export const guardSecretHeader = 'X-Guard-Secret';

/**
 * The header by which a guard that caches answers of `verify` reports how many requests it allowed by them since its last report: they
 * count like requests of their own.
 */
export const cachedAnswersHeader = 'X-Cached-Answers';

/** The most that one report may say. */
export const maximumCachedAnswers = 1_000_000;

/**
 * A directive of `Cache-Control` (RFC 9111 section 5.2.3) that says how long an answer of `verify` may be kept where that is less than a
 * second, which `max-age` cannot say. Caches that do not know it ignore it.
 */
export const millisecondsDirective = 'max-age-ms';

/**
 * Returns the `Cache-Control` of a good answer of `verify`.
 *
 * @param milliseconds how long the answer may be kept.
 */
export function cacheControlFor(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const finer = seconds === 0 && milliseconds >= 1 ? `, ${millisecondsDirective}=${Math.floor(milliseconds)}` : '';
  return `private, max-age=${seconds}${finer}`;
}
