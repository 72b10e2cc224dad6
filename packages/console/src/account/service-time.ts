/** Matches the seconds until a rate limit's window ends, in the header `RateLimit`. */
const secondsLeft = /; *t=(\d+)/;

/**
 * Returns the time of the service when it sent an answer, in Unix milliseconds, to within two
 * seconds. It follows from the headers about the rate limit: the end of the window, and the seconds
 * until then. Pages of other origins may read these headers, but not `Date`.
 *
 * @returns undefined if the answer does not have the headers.
 */
export function serviceTime(headers: Headers): number | undefined {
  const end = Number(headers.get('X-RateLimit-Reset') ?? Number.NaN);
  const [, left] = secondsLeft.exec(headers.get('RateLimit') ?? '') ?? [];
  return left === undefined || !Number.isSafeInteger(end) ? undefined : (end - Number(left)) * 1000;
}
