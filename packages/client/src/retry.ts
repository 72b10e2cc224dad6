import type { FailedAttempt } from './attempt.ts';
import type { ApiError } from './error.ts';
import type { RetryPolicy } from './operation.ts';

/** A retry that a call is about to make. */
export interface Retry {
  /**
   * The error with which the call would end if it did not retry. Its `mayHaveBeenProcessed` covers
   * all attempts so far.
   */
  readonly error: ApiError;
  /** The pause before the next attempt, in milliseconds. */
  readonly pauseMs: number;
}

/** Upper bound of the first pause in milliseconds. */
const initialBackoffMs = 200;
/** Upper bound of every pause in milliseconds. */
const maximumBackoffMs = 5_000;

/**
 * Maximum number of broken connections per call that do not count as attempts. If more connections
 * break, the cause is probably the service rather than a proxy that dropped idle connections.
 */
const maximumUncountedBreaks = 20;

/**
 * Maximum number of broken connections per call that are each followed by an immediate retry. After
 * further broken connections, the client pauses before it retries.
 */
export const immediateRetries = 4;

/**
 * Returns the pause after a failed attempt in milliseconds. The pause is a random fraction of an
 * upper bound that doubles with each attempt ("full jitter"). The randomness prevents clients that
 * fail together from retrying together.
 *
 * @param attempt number of the failed attempt, starting at 1. If 0, there is no pause.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return attempt < 1
    ? 0
    : random() * Math.min(maximumBackoffMs, initialBackoffMs * 2 ** (attempt - 1));
}

/**
 * Reports whether a failed request is retried without counting as an attempt, because the
 * connection broke before the response started. A proxy may have dropped many idle connections. The
 * client notices each dropped connection only when it uses that connection.
 *
 * A broken connection always counts if `maxAttempts` is 1, which disables retries.
 *
 * @param breaks number of uncounted broken connections so far in the call.
 */
export function isUncounted(
  { progress }: FailedAttempt,
  retryPolicy: RetryPolicy,
  breaks: number,
  maxAttempts: number,
): boolean {
  return (
    progress === 'broken' &&
    retryPolicy !== 'never' &&
    maxAttempts > 1 &&
    breaks < maximumUncountedBreaks
  );
}

/**
 * Returns the delay before a failed attempt is retried.
 *
 * A request answered with 429 was not processed, so even a write can be retried. Without
 * `Retry-After`, waiting does not help (contract, part C). A request that was not sent was not
 * processed either.
 *
 * After a 5xx response, a broken connection or a timeout, the request may have been processed. Such
 * a request is retried only if the retry policy allows it.
 *
 * @param failures number of failures in this call that count toward the pause.
 * @returns milliseconds to wait, or undefined if the request must not be retried.
 */
export function retryDelay(
  { error: { code, status, retryAfter }, progress }: FailedAttempt,
  retryPolicy: RetryPolicy,
  failures: number,
): number | undefined {
  const asked = retryAfter === undefined ? undefined : retryAfter * 1000;
  if (status === 429) return asked;
  const isTransient =
    code === 'network' || code === 'timeout' || (status !== undefined && status >= 500);
  return isTransient && (retryPolicy !== 'never' || progress === 'unsent')
    ? (asked ?? backoffMs(failures))
    : undefined;
}
