import { hash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { LRUCache } from 'lru-cache';
import type { RawHeaders } from '../response/answer.ts';

/** How much of a limit is left for a client. */
export interface LimitStatus {
  /** What the limit applies to. */
  readonly name: 'address' | 'user' | 'key';
  /** The key under which the requests are counted. */
  readonly key: string;
  /** Requests per minute. */
  readonly maximum: number;
  readonly remaining: number;
  /** When the window ends, in Unix milliseconds. */
  readonly resetAt: number;
}

/** Partition keys by counter key. They identify requests that are counted together, but no user. */
const partitionKeys = new LRUCache<string, string>({
  max: 10_000,
  memoMethod: (key) => Buffer.from(hash('sha256', key).slice(0, 12)).toString('base64'),
});

const formatDate = new LRUCache<number, string>({
  max: 1,
  memoMethod: (seconds) => new Date(seconds * 1000).toUTCString(),
});

/**
 * Returns the rate limit headers: `X-RateLimit-*` as published (contract, part B), Reset in Unix
 * seconds, and those of draft-ietf-httpapi-ratelimit-headers-08. They equal the headers that
 * express-rate-limit sets. `Date` is among them because clients compare Reset with it; Node's own
 * `Date` lags behind a clock that is set.
 */
export function limitHeaders({ name, key, maximum, remaining, resetAt }: LimitStatus): RawHeaders {
  const now = Date.now();
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
