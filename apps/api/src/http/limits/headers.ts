import { hash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { LRUCache } from 'lru-cache';
import type { RawHeaders } from '../response/answer.ts';

/** The limit status of a client: a limit and how much of it is left. */
export interface LimitStatus {
  /** The kind of subject that the limit applies to. */
  readonly name: 'address' | 'report' | 'user' | 'key';
  /** The counter key of the subject. */
  readonly key: string;
  /** The maximum number of requests per minute. */
  readonly maximum: number;
  readonly remaining: number;
  /** When the current window ends, in Unix milliseconds. */
  readonly resetAt: number;
}

/**
 * The partition key of each counter key. A partition key identifies requests that are counted
 * together, but does not reveal the user.
 */
const partitionKeys = new LRUCache<string, string>({
  max: 10_000,
  memoMethod: (key) => Buffer.from(hash('sha256', key).slice(0, 12)).toString('base64'),
});

const formatDate = new LRUCache<number, string>({
  max: 1,
  memoMethod: (seconds) => new Date(seconds * 1000).toUTCString(),
});

/**
 * Returns the rate limit headers: `X-RateLimit-*` (contract, part B), and the headers of
 * draft-ietf-httpapi-ratelimit-headers-08. They have the same values as the headers of
 * express-rate-limit. `X-RateLimit-Reset` is in Unix seconds.
 *
 * Also returns `Date`, because clients compare it with the reset time. Node's own `Date` header is
 * cached, so it is wrong for a moment after the system clock is changed.
 *
 * @param now the current time in Unix milliseconds.
 */
export function limitHeaders(
  { name, key, maximum, remaining, resetAt }: LimitStatus,
  now: number,
): RawHeaders {
  const secondsLeft = Math.max(0, Math.ceil((resetAt - now) / 1000));
  return [
    'Date',
    formatDate.memo(Math.floor(now / 1000)),
    'X-RateLimit-Limit',
    String(maximum),
    'X-RateLimit-Remaining',
    String(remaining),
    'X-RateLimit-Reset',
    String(Math.ceil(resetAt / 1000)),
    'RateLimit',
    `"${name}"; r=${remaining}; t=${secondsLeft}`,
    'RateLimit-Policy',
    `"${name}"; q=${maximum}; w=${rateLimitWindow / 1000}; pk=:${partitionKeys.memo(key)}:`,
  ];
}
