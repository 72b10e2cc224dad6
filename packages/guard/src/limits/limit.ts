import { createHash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import type { ApiKey } from '../api-key.ts';
import { overLimit, type Refusal } from '../refusal.ts';
import type { Minute } from './minute.ts';

/** Where requests are counted for many processes together: as much as the guard needs of a `Store` of express-rate-limit. */
export interface RateLimitStore {
  init?(options: { readonly windowMs: number }): void;
  increment(key: string): Promise<Counted> | Counted;
}

interface Counted {
  readonly totalHits: number;
  readonly resetTime: Date | undefined;
}

/** Counters may leave the process; a user id need not. */
const counterKey = (userId: string) => createHash('sha256').update(userId).digest('base64url');

/** Takes one request of the owner's minute; a refusal if none is left. */
export type Limit = (apiKey: ApiKey, minute: Minute, now: number) => Refusal | undefined | Promise<Refusal | undefined>;

/** Counts in this process alone. */
export const limitHere: Limit = (_apiKey, minute, now) => minute.take(now);

/** Counts in the store; in this process alone while that fails. */
export function limitBy(store: RateLimitStore, onError: (error: Error) => void): Limit {
  store.init?.({ windowMs: rateLimitWindow });
  return async ({ userId, tier }, minute, now) => {
    try {
      const { totalHits, resetTime } = await store.increment(counterKey(userId));
      const limit = tiers[tier].requestsPerMinute;
      return totalHits > limit ? overLimit(limit, (resetTime?.getTime() ?? Date.now()) - Date.now()) : undefined;
    } catch {
      onError(new Error('The store of the rate limits failed; requests are counted in this process alone.'));
      return minute.take(now);
    }
  };
}
