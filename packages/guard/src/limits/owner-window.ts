import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { type Refusal, rateLimited } from '../refusal.ts';

/**
 * The state of an owner's limit per minute. Times are in milliseconds of the guard's monotonic
 * clock.
 */
export interface LimitStatus {
  readonly limit: number;
  /** Requests left at the time of the answer. */
  readonly remaining: number;
  readonly endsAt: number;
}

/**
 * The current rate-limit window of an owner: its limit as last reported by the service, and the
 * requests accepted here that the service has not counted yet.
 */
export class OwnerWindow {
  #limitStatus: LimitStatus;
  #taken = 0;

  constructor(limitStatus: LimitStatus) {
    this.#limitStatus = limitStatus;
  }

  /**
   * Updates the limit from an answer of the service. Requests accepted in the same window stay
   * consumed unless the service counts them with this answer. The reported end of a window varies
   * by seconds, to which it is rounded; the end of the next window is a minute later. The next
   * window may be reported before the current one seems to have ended.
   *
   * @param reported number of accepted requests that the service counts with this answer.
   */
  update(limitStatus: LimitStatus, now: number, reported: number): void {
    const { endsAt } = this.#limitStatus;
    const isNext = now >= endsAt || limitStatus.endsAt - endsAt > rateLimitWindow / 2;
    this.#taken = isNext ? 0 : Math.max(0, this.#taken - reported);
    this.#limitStatus = limitStatus;
  }

  /** Reports whether the window ends within the given milliseconds. */
  endsWithin(milliseconds: number, now: number): boolean {
    return this.#limitStatus.endsAt - now < milliseconds;
  }

  /** Replaces the limit of the current window. */
  setLimit(limit: number): void {
    this.#limitStatus = { ...this.#limitStatus, limit, remaining: limit };
  }

  /**
   * Consumes one request. Returns a refusal if none is left. After the end of the window a new one
   * starts with the full limit.
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
