/** Matches `delay-seconds` (RFC 9110 section 10.2.3): digits only. */
const delaySeconds = /^\d+$/;
/**
 * Matches the start of an HTTP-date (RFC 9110 section 5.6.7). All three formats begin with the
 * day's name, and all but the obsolete asctime end in GMT.
 */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

function timeOf(date: string | null): number | undefined {
  if (date === null || !httpDate.test(date)) return undefined;
  const time = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Returns `Retry-After` in seconds (RFC 9110 section 10.2.3). A date is compared with the
 * response's `Date` if there is one, so that a wrong local clock does not matter.
 *
 * @returns seconds from now, 0 for a date in the past, or undefined if the header is absent or
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
