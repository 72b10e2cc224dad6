import { hash } from 'node:crypto';
import type { ClientRateLimitInfo, Store } from 'express-rate-limit';

/**
 * Returns the text that stands for a user in counters, in the names of Redis keys and in response
 * headers. It does not reveal the user id. It must not change, because instances of two releases
 * count together during a rollout.
 */
export const counterKey = (userId: string) => hash('sha256', userId, 'base64url');

/** The number of requests in a window, and when the window ends. */
export interface Counted extends ClientRateLimitInfo {
  readonly totalHits: number;
  readonly resetTime: Date;
}

/**
 * The counters of one rate limit, which are a store of express-rate-limit. Their window is fixed
 * when they are created, so they have no `init`.
 */
export interface Counters extends Store {
  readonly init?: never;
  /**
   * Counts requests, by default one. Begins a window if the last one of the key has ended. If the
   * window would contain more than `maximum` requests, counts none of them.
   *
   * @returns the number of requests in the window, including these. It exceeds the maximum if these
   *   were not counted.
   */
  increment(key: string, requests?: number, maximum?: number): Promise<Counted> | Counted;
  /** Returns what is counted in the current window of a key. Undefined if there is no window. */
  get(key: string): Promise<Counted | undefined> | Counted | undefined;
}

/**
 * Creates the counters of a rate limit. Counters with different names are independent.
 *
 * @param window the length of a window in milliseconds.
 */
export type CreateCounters = (name: string, window: number) => Counters;

/**
 * The counters of a rate limit for requests that present a key. They are in memory, so that a
 * request with a cached key is answered without waiting. Requests that a guard has already
 * answered, and reports later, can be added.
 */
export interface KeyCounters extends Counters {
  increment(key: string, requests?: number, maximum?: number): Counted;
  /**
   * Counts additional requests in the current window of a counter key. Has no effect if there is no
   * window.
   */
  add(key: string, requests: number): void;
}
