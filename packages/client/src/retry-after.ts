/** `delay-seconds` of RFC 9110, 10.2.3: digits and nothing else. */
const delaySeconds = /^\d+$/;
/** The three forms of an HTTP-date (RFC 9110, 5.6.7) all begin with the day's name; only the obsolete asctime lacks GMT. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

function timeOf(date: string | null): number | undefined {
  if (date === null || !httpDate.test(date)) return undefined;
  const time = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or an HTTP-date.
 *
 * A date is compared with the answer's own `Date` where that can be read, so that a wrong clock here does not matter.
 *
 * @returns seconds from now, 0 for a date that is past; undefined if there is none, or nothing that the RFC knows.
 */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (delaySeconds.test(value)) return Number(value);
  const until = timeOf(value);
  if (until === undefined) return undefined;
  return Math.max(0, (until - (timeOf(headers.get('date')) ?? Date.now())) / 1000);
}
