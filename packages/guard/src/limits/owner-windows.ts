import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { ValidAnswer } from '../key-source.ts';
import { OwnerWindow } from './owner-window.ts';

/**
 * Maximum number of owners. It equals the maximum number of cached keys. When it is exceeded, the
 * least recently used owner is evicted.
 */
const maximumOwners = 10_000;

/** Rate-limit windows by owner. All keys of an owner share one window. */
export class OwnerWindows {
  readonly #byOwner = new LRUCache<string, OwnerWindow>({ max: maximumOwners });

  /**
   * Returns the window of a key's owner, updated from the given answer. If the answer has no limit
   * status, the window has the limit of the owner's tier and counts only the requests to this
   * process.
   *
   * @param reported number of accepted requests that were reported to the source with the lookup.
   *   The answer's limit status includes them.
   */
  of({ apiKey, limitStatus }: ValidAnswer, now: number, reported: number): OwnerWindow {
    const limit = tiers[apiKey.tier].requestsPerMinute;
    const known = this.#byOwner.get(apiKey.userId);
    if (known === undefined) {
      const window = new OwnerWindow(
        limitStatus ?? { limit, remaining: limit, endsAt: now + rateLimitWindow },
      );
      this.#byOwner.set(apiKey.userId, window);
      return window;
    }
    if (limitStatus === undefined) known.setLimit(limit);
    else known.update(limitStatus, now, reported);
    return known;
  }
}
