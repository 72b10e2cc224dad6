import type { FailedAttempt } from './attempt.ts';
import type { Repeats } from './operation.ts';

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** Broken connections that are no attempts. Past that the service itself is likely to break them. */
const mostBreaks = 20;

/** Broken connections after which the request is sent again at once. */
export const breaksWithoutPause = 4;

/**
 * The pause after an attempt that failed, in milliseconds: anything between nothing and a bound that doubles each time
 * ("full jitter"), so that clients which failed together do not come back together.
 *
 * @param attempt the number of the failed attempt, from 1. 0, where none was made, pauses not at all.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return attempt < 1 ? 0 : random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
}

/**
 * Reports whether a failure is none of the attempts that a call has: its connection broke before a byte of the answer came. Platforms keep
 * connections open; something on the way may have dropped all of them while they were idle, and each shows that only when it is used.
 *
 * @param breaks how often that has happened to the call before.
 */
export function isNoAttempt({ reach }: FailedAttempt, repeats: Repeats, breaks: number): boolean {
  return reach === 'broken' && repeats !== 'never' && breaks < mostBreaks;
}

/**
 * Decides whether a failed attempt may be repeated.
 *
 * A 429 was refused before it was processed, so even a write may follow; but only when the service names the time, since
 * a 429 without `Retry-After` is one that waiting does not help (contract, part C). What was not sent was not processed either. After a
 * 5xx, a broken connection or silence, the request may have been processed: only what is safe to process twice is sent again.
 *
 * @param failures how often the call has failed, as far as that calls for a pause.
 * @returns the milliseconds to wait first, or undefined if it must not be repeated.
 */
export function pauseBeforeRepeating(
  { error: { code, status, retryAfter }, reach }: FailedAttempt,
  repeats: Repeats,
  failures: number,
): number | undefined {
  const asked = retryAfter === undefined ? undefined : retryAfter * 1000;
  if (status === 429) return asked;
  const mayPass = code === 'network' || code === 'timeout' || (status !== undefined && status >= 500);
  return mayPass && (repeats !== 'never' || reach === 'unsent') ? (asked ?? backoffMs(failures)) : undefined;
}
