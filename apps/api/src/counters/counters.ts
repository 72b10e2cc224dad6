import { hash } from 'node:crypto';
import type { ClientRateLimitInfo, Store } from 'express-rate-limit';

/**
 * Returns the text that stands for a user in counters, in the names of Redis keys and in response
 * headers. It does not reveal the user id. It must not change, because instances of two releases
 * count together during a rollout.
 */
export const counterKey = (userId: string) => hash('sha256', userId, 'base64url');

/** The counters of one rate limit. */
export type Counters = Store;

/** Creates the counters of a rate limit. Counters with different names are independent. */
export type CreateCounters = (name: string) => Counters;

/**
 * The counters of a rate limit for requests that present a key. They are in memory, so that a
 * request with a cached key is answered without waiting. Requests that a guard has already
 * answered, and reports later, can be added.
 */
export interface KeyCounters extends Counters {
  increment(key: string): ClientRateLimitInfo;
  /**
   * Counts additional requests in the current window of a counter key. Has no effect if there is no
   * window.
   */
  add(key: string, requests: number): void;
}
