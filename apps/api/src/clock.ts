/** The wall clock and the monotonic clock of a process, both in milliseconds. */
export interface Clock {
  /**
   * Returns the time of day in Unix milliseconds, for stored and published times. It jumps when an
   * operator or NTP sets the clock.
   */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock, for windows, caches and deadlines. */
  readonly monotonicNow: () => number;
}

/** The clocks of the operating system. */
export const systemClock: Clock = { now: () => Date.now(), monotonicNow: () => performance.now() };
