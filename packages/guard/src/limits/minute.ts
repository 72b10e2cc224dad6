import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { overLimit, type Refusal } from '../refusal.ts';

/** What is said of an owner's requests a minute. Instants are milliseconds of the guard's monotonic clock. */
export interface Allowance {
  readonly limit: number;
  /** What was left when it was said. */
  readonly remaining: number;
  readonly endsAt: number;
}

/** The current minute of one owner: what it was allowed, and what was let in here that the service has not counted yet. */
export class Minute {
  #allowance: Allowance;
  #taken = 0;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /**
   * Replaces what was said before; what was taken in the same minute, and not told, stays taken. What is told as its end differs by seconds,
   * to which it is rounded; the next one's is a minute later, and may be told before the last seems over.
   *
   * @param told how many of the requests that were let in here the service counts with this answer.
   */
  tell(allowance: Allowance, now: number, told: number): void {
    const { endsAt } = this.#allowance;
    const isNext = now >= endsAt || allowance.endsAt - endsAt > rateLimitWindow / 2;
    this.#taken = isNext ? 0 : Math.max(0, this.#taken - told);
    this.#allowance = allowance;
  }

  /** Reports whether it ends within so many milliseconds. */
  endsWithin(milliseconds: number, now: number): boolean {
    return this.#allowance.endsAt - now < milliseconds;
  }

  /** Replaces the limit; the minute goes on. */
  setLimit(limit: number): void {
    this.#allowance = { ...this.#allowance, limit, remaining: limit };
  }

  /** Takes one request of the minute; a refusal if none is left. After its end a new one begins, with the whole limit. */
  take(now: number): Refusal | undefined {
    const { limit, remaining, endsAt } = this.#allowance;
    if (now >= endsAt) {
      this.#allowance = { limit, remaining: limit, endsAt: now + rateLimitWindow };
      this.#taken = 0;
    } else if (this.#taken >= remaining) {
      return overLimit(limit, endsAt - now);
    }
    this.#taken++;
    return undefined;
  }
}
