import type { Store } from 'express-rate-limit';

/** The counters of one limit. */
export type Counters = Store;

/** Creates the counters of a limit. Counters with different names are independent. */
export type CreateCounters = (name: string) => Counters;

/** The counters for requests that present a key. The requests that a guard reports can be added. */
export interface KeyCounters extends Counters {
  /**
   * Counts additional requests in the current window of a counter key. Has no effect if there is no
   * window.
   */
  add(key: string, requests: number): Promise<void> | void;
}
