import type { FailedAttempt } from './attempt.ts';
import type { RetryPolicy } from './operation.ts';

/** Upper bound of the first pause. */
const initialBackoffMs = 200;
/** Upper bound of all pauses. */
const maximumBackoffMs = 5_000;

/**
 * Largest number of broken connections that do not count as attempts. More of them suggest that the
 * service itself is at fault.
 */
const maximumUncountedBreaks = 20;

/** Number of broken connections after which the request is retried without a pause. */
export const immediateRetries = 4;

/**
 * Returns the pause after a failed attempt in milliseconds: a random part of a bound that doubles
 * each time ("full jitter"). Clients that fail together then do not retry together.
 *
 * @param attempt number of the failed attempt, starting at 1. With 0 there is no pause.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return attempt < 1 ? 0 : random() * Math.min(maximumBackoffMs, initialBackoffMs * 2 ** (attempt - 1));
}

/**
 * Reports whether a failure does not count as an attempt: its connection broke before the response
 * started. A proxy may have dropped all idle connections, and each shows that only on its next use.
 *
 * @param breaks number of earlier failures of this kind in the call.
 */
export function isUncounted({ progress }: FailedAttempt, retryPolicy: RetryPolicy, breaks: number): boolean {
  return progress === 'broken' && retryPolicy !== 'never' && breaks < maximumUncountedBreaks;
}

/**
 * Returns the delay before a failed attempt is retried.
 *
 * A 429 was rejected before processing, so even a write may be retried, but only with a
 * `Retry-After`: without one, waiting does not help (contract, part C). A request that was not sent
 * was not processed either. After a 5xx, a broken connection or a timeout the request may have been
 * processed, so it is retried only if that is safe.
 *
 * @param failures number of failures of the call that require a pause.
 * @returns milliseconds to wait, or undefined if the attempt must not be retried.
 */
export function retryDelay(
  { error: { code, status, retryAfter }, progress }: FailedAttempt,
  retryPolicy: RetryPolicy,
  failures: number,
): number | undefined {
  const asked = retryAfter === undefined ? undefined : retryAfter * 1000;
  if (status === 429) return asked;
  const isTransient = code === 'network' || code === 'timeout' || (status !== undefined && status >= 500);
  return isTransient && (retryPolicy !== 'never' || progress === 'unsent') ? (asked ?? backoffMs(failures)) : undefined;
}
