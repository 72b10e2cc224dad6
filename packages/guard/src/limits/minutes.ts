import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { tiers } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { GoodAnswer } from '../source.ts';
import { Minute } from './minute.ts';

/** Owners whose minutes are kept: those that were here last, as many as keys are remembered. */
const mostOwners = 10_000;

/** The minutes of owners, each over all the owner's keys together. */
export class Minutes {
  readonly #byOwner = new LRUCache<string, Minute>({ max: mostOwners });

  /**
   * The minute of a key's owner, as the answer tells it; where that tells nothing, by the tier's limit, counted here alone.
   *
   * @param told how many of the requests that were let in here the source counts with this answer.
   */
  of({ apiKey, allowance }: GoodAnswer, now: number, told: number): Minute {
    const limit = tiers[apiKey.tier].requestsPerMinute;
    const known = this.#byOwner.get(apiKey.userId);
    if (known === undefined) {
      const minute = new Minute(allowance ?? { limit, remaining: limit, endsAt: now + rateLimitWindow });
      this.#byOwner.set(apiKey.userId, minute);
      return minute;
    }
    if (allowance === undefined) known.setLimit(limit);
    else known.tell(allowance, now, told);
    return known;
  }
}
