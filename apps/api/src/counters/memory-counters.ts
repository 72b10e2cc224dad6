import type { Clock } from '../clock.ts';
import type { Counted, KeyCounters } from './counters.ts';

interface Window {
  hits: number;
  readonly endsAt: number;
}

/**
 * Counters in the memory of this process. Windows are measured by the monotonic clock, so that a
 * change of the system clock neither extends nor lifts a limit. express-rate-limit's own memory
 * store uses the system clock.
 */
export class MemoryCounters implements KeyCounters {
  readonly localKeys = true;
  readonly #clock: Clock;
  readonly #length: number;
  readonly #windows = new Map<string, Window>();

  /** @param window the length of a window in milliseconds. */
  constructor(clock: Clock, window: number) {
    this.#clock = clock;
    this.#length = window;
  }

  increment(key: string, requests = 1, maximum = Number.POSITIVE_INFINITY): Counted {
    const now = this.#clock.monotonicNow();
    this.#dropEnded(now);
    const window = this.#windows.get(key) ?? { hits: 0, endsAt: now + this.#length };
    const hits = window.hits + requests;
    if (hits > maximum) return this.#counted({ ...window, hits }, now);
    window.hits = hits;
    this.#windows.set(key, window);
    return this.#counted(window, now);
  }

  add(key: string, requests: number): void {
    this.#dropEnded(this.#clock.monotonicNow());
    const window = this.#windows.get(key);
    if (window !== undefined) window.hits += requests;
  }

  get(key: string): Counted | undefined {
    const now = this.#clock.monotonicNow();
    this.#dropEnded(now);
    const window = this.#windows.get(key);
    return window && this.#counted(window, now);
  }

  decrement(key: string): void {
    this.#dropEnded(this.#clock.monotonicNow());
    const window = this.#windows.get(key);
    if (window !== undefined && window.hits > 0) window.hits--;
  }

  resetKey(key: string): void {
    this.#windows.delete(key);
  }

  /**
   * Deletes the windows that have ended. All windows have the same length, so the map contains them
   * in the order in which they end.
   */
  #dropEnded(now: number): void {
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > now) return;
      this.#windows.delete(key);
    }
  }

  #counted({ hits, endsAt }: Window, now: number): Counted {
    return { totalHits: hits, resetTime: new Date(this.#clock.now() + endsAt - now) };
  }
}
