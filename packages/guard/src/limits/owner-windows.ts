import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { ValidAnswer } from '../key-source.ts';
import { OwnerWindow } from './owner-window.ts';

/** Largest number of owners. The most recently used are kept, as many as cached keys. */
const maximumOwners = 10_000;

/** The rate-limit windows of owners, each for all keys of the owner together. */
export class OwnerWindows {
  readonly #byOwner = new LRUCache<string, OwnerWindow>({ max: maximumOwners });

  /**
   * Returns the window of a key's owner, updated from an answer. An answer without a limit status
   * gives the limit of the tier, counted only here.
   *
   * @param reported number of accepted requests that the source counts with this answer.
   */
  of({ apiKey, limitStatus }: ValidAnswer, now: number, reported: number): OwnerWindow {
    const limit = tiers[apiKey.tier].requestsPerMinute;
    const known = this.#byOwner.get(apiKey.userId);
    if (known === undefined) {
      const window = new OwnerWindow(limitStatus ?? { limit, remaining: limit, endsAt: now + rateLimitWindow });
      this.#byOwner.set(apiKey.userId, window);
      return window;
    }
    if (limitStatus === undefined) known.setLimit(limit);
    else known.update(limitStatus, now, reported);
    return known;
  }
}
