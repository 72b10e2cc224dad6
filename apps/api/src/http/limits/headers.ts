import { hash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { LRUCache } from 'lru-cache';
import type { RawHeaders } from '../response/answer.ts';

/** How a client stands with a limit. */
export interface Standing {
  /** What the limit is of. */
  readonly name: 'address' | 'user' | 'key';
  /** Whose requests were counted together. */
  readonly key: string;
  /** Requests a minute. */
  readonly maximum: number;
  readonly remaining: number;
  /** When the minute is over, Unix milliseconds. */
  readonly resetAt: number;
}

/** Tell which requests were counted together, and not whose they are. */
const partitionKeys = new LRUCache<string, string>({
  max: 10_000,
  memoMethod: (key) => Buffer.from(hash('sha256', key).slice(0, 12)).toString('base64'),
});

/**
 * How a client stands with a limit: `X-RateLimit-*` as they are published (contract, part B), Reset in Unix seconds, and those of
 * draft-ietf-httpapi-ratelimit-headers-08. The same as express-rate-limit sets where Express answers.
 */
export function standingHeaders({ name, key, maximum, remaining, resetAt }: Standing): RawHeaders {
  const secondsLeft = Math.max(0, Math.ceil((resetAt - Date.now()) / 1000));
  return [
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
