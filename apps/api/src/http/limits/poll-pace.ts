import { deviceLoginSeconds, devicePollSeconds } from '@andamio/schema/operations';
import { LRUCache } from 'lru-cache';

/**
 * Seconds that each early request adds to the interval of its device login (RFC 8628 section 3.5).
 */
const slowDownSeconds = 5;

/** Milliseconds by which a request may be early, because networks delay requests unequally. */
const tolerance = 1_000;

/**
 * Maximum number of device logins whose last request is remembered. The least recently used are
 * evicted.
 */
const knownLogins = 10_000;

interface Pace {
  readonly lastAt: number;
  readonly interval: number;
}

/**
 * Measures how often programs ask for a key while they wait for an approval. The times are kept in
 * memory, because storing them would add a write to each request. Each instance therefore measures
 * only its own requests.
 */
export class PollPace {
  readonly #paces = new LRUCache<string, Pace>({ max: knownLogins });
  readonly #monotonicNow: () => number;

  /** @param monotonicNow returns milliseconds from a monotonic clock. */
  constructor(monotonicNow: () => number) {
    this.#monotonicNow = monotonicNow;
  }

  /**
   * Records a request.
   *
   * @param login an identifier of the login.
   * @returns the new interval in seconds if the request was early, and undefined otherwise.
   */
  slowDown(login: string): number | undefined {
    const now = this.#monotonicNow();
    const { lastAt, interval } = this.#paces.get(login) ?? {
      lastAt: Number.NEGATIVE_INFINITY,
      interval: devicePollSeconds,
    };
    const isEarly = now - lastAt < interval * 1000 - tolerance;
    // An interval longer than the lifetime of a login has no meaning.
    const next = isEarly ? Math.min(interval + slowDownSeconds, deviceLoginSeconds) : interval;
    this.#paces.set(login, { lastAt: now, interval: next });
    return isEarly ? next : undefined;
  }
}
