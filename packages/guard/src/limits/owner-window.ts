import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { type Refusal, rateLimited } from '../refusal.ts';

/**
 * The state of an owner's per-minute rate limit. Times are in milliseconds of the guard's monotonic
 * clock.
 */
export interface LimitStatus {
  readonly limit: number;
  /** Requests remaining when the source answered. */
  readonly remaining: number;
  readonly endsAt: number;
}

/**
 * The current rate-limit window of an owner. It combines the limit that the service last reported
 * with the accepted requests that the service has not counted yet.
 */
export class OwnerWindow {
  #limitStatus: LimitStatus;
  #taken = 0;

  constructor(limitStatus: LimitStatus) {
    this.#limitStatus = limitStatus;
  }

  /**
   * Updates the limit from an answer of the service. Requests that this process accepted in the
   * same window stay counted until they are reported to the service.
   *
   * The service may report the next window before the current window ends in this process. The
   * reported end of a window varies by a few seconds, and the next window ends a minute later. An
   * end that is more than half a minute later therefore belongs to the next window.
   *
   * @param reported number of accepted requests that were reported to the service with the lookup.
   *   `limitStatus` includes them.
   */
  update(limitStatus: LimitStatus, now: number, reported: number): void {
    const { endsAt } = this.#limitStatus;
    const isNext = now >= endsAt || limitStatus.endsAt - endsAt > rateLimitWindow / 2;
    this.#taken = isNext ? 0 : Math.max(0, this.#taken - reported);
    this.#limitStatus = limitStatus;
  }

  /** Reports whether the window ends within the given number of milliseconds. */
  endsWithin(milliseconds: number, now: number): boolean {
    return this.#limitStatus.endsAt - now < milliseconds;
  }

  /** Sets the limit of the current window. */
  setLimit(limit: number): void {
    this.#limitStatus = { ...this.#limitStatus, limit, remaining: limit };
  }

  /**
   * Counts one request. Returns a refusal if the window is exhausted. If the window has ended,
   * starts a new one with the full limit.
   */
  consume(now: number): Refusal | undefined {
    const { limit, remaining, endsAt } = this.#limitStatus;
    if (now >= endsAt) {
      this.#limitStatus = { limit, remaining: limit, endsAt: now + rateLimitWindow };
      this.#taken = 0;
    } else if (this.#taken >= remaining) {
      return rateLimited(limit, endsAt - now);
    }
    this.#taken++;
    return undefined;
  }
}
