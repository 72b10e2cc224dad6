/** Matches `delay-seconds` (RFC 9110, section 10.2.3): only digits. */
const delaySeconds = /^\d+$/;
/**
 * Matches the beginning of an HTTP-date (RFC 9110, section 5.6.7). All three formats start with the
 * name of a weekday. Two of them end in GMT. The obsolete asctime format has no time zone.
 */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

function timeOf(date: string | null): number | undefined {
  if (date === null || !httpDate.test(date)) return undefined;
  const time = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Returns the value of `Retry-After` in seconds (RFC 9110, section 10.2.3). A date is compared with
 * the `Date` header of the same response, if present, so that a wrong local clock has no effect.
 *
 * @returns seconds from now. 0 for a date in the past, undefined if the header is missing or
 * invalid.
 */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (delaySeconds.test(value)) return Number(value);
  const until = timeOf(value);
  if (until === undefined) return undefined;
  return Math.max(0, (until - (timeOf(headers.get('date')) ?? Date.now())) / 1000);
}
