import { createHash } from 'node:crypto';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import { withTimeout } from '@andamio/verification/with-timeout';
import type { ApiKey } from '../api-key.ts';
import { type Refusal, rateLimited } from '../refusal.ts';
import type { OwnerWindow } from './owner-window.ts';

/**
 * A store of counters that several processes share. It has those methods of the express-rate-limit
 * `Store` that the guard uses.
 */
export interface RateLimitStore {
  /** Tells the store the length of a window in milliseconds. */
  init?(options: { readonly windowMs: number }): void;
  /** Counts a request, and returns the state of its window. */
  increment(key: string): Promise<Counted> | Counted;
}

/** The state of a counter after a request was counted. */
interface Counted {
  /** Requests in the current window, including this one. */
  readonly totalHits: number;
  /** End of the window. */
  readonly resetTime: Date | undefined;
}

/**
 * Returns the key of a user's counter. The user id is hashed so that the shared store does not
 * contain it.
 */
const counterKey = (userId: string) => createHash('sha256').update(userId).digest('base64url');

/**
 * Counts a request in the owner's rate-limit window. Returns a refusal if the window is exhausted.
 */
export type Limit = (
  apiKey: ApiKey,
  window: OwnerWindow,
  now: number,
) => Refusal | undefined | Promise<Refusal | undefined>;

/** Counts requests in this process only. */
export const limitInMemory: Limit = (_apiKey, window, now) => window.consume(now);

/** Maximum time that a request waits for a shared store, in milliseconds. */
const storeTimeout = 300;

/**
 * Time, in milliseconds, for which a shared store is not used after a failure. Without this pause,
 * each request would wait for a store that hangs.
 */
const pauseAfterFailure = 1_000;

/**
 * Creates a limit that counts requests in a shared store, and in this process while the store fails
 * or does not respond in time.
 */
export function limitByStore(store: RateLimitStore, onError: (error: Error) => void): Limit {
  store.init?.({ windowMs: rateLimitWindow });
  const late = () => new Error(`The store did not respond within ${storeTimeout} ms.`);
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return async ({ userId, tier }, window, now) => {
    if (now < pausedUntil) return window.consume(now);
    try {
      const counting = Promise.resolve(store.increment(counterKey(userId)));
      const { totalHits, resetTime } = await withTimeout(storeTimeout, counting, late);
      const limit = tiers[tier].requestsPerMinute;
      return totalHits > limit
        ? rateLimited(limit, (resetTime?.getTime() ?? Date.now()) - Date.now())
        : undefined;
    } catch {
      // If several requests waited for the store, only the first reports the failure.
      if (now >= pausedUntil) {
        pausedUntil = now + storeTimeout + pauseAfterFailure;
        onError(
          new Error('The rate limit store failed; requests are counted in this process only.'),
        );
      }
      return window.consume(now);
    }
  };
}
