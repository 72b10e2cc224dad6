import type { ApiError } from './error.ts';
import type { Repeats } from './operation.ts';

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/**
 * The pause after an attempt that failed, in milliseconds: anything between nothing and a bound that doubles each time
 * ("full jitter"), so that clients which failed together do not come back together.
 *
 * @param attempt the number of the failed attempt, from 1.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
}

/**
 * Decides whether a failed attempt may be repeated.
 *
 * A 429 was refused before it was processed, so even a write may follow; but only when the service names the time, since
 * a 429 without `Retry-After` is one that waiting does not help (contract, part C). After a 5xx, a broken connection or
 * silence, the request may have been processed: only what is safe to process twice is sent again.
 *
 * @param attempt the number of the failed attempt, from 1.
 * @returns the milliseconds to wait first, or undefined if it must not be repeated.
 */
export function pauseBeforeRepeating(error: ApiError, repeats: Repeats, attempt: number): number | undefined {
  const { code, status, retryAfter } = error;
  const asked = retryAfter === undefined ? undefined : retryAfter * 1000;
  if (status === 429) return asked;
  const mayPass = code === 'network' || code === 'timeout' || (status !== undefined && status >= 500);
  return mayPass && repeats !== 'never' ? (asked ?? backoffMs(attempt)) : undefined;
}
