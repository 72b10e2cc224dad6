/** The two clocks of a process, in milliseconds. */
export interface Clock {
  /** The time of day, Unix milliseconds: for what is stored or told, since other machines read it. Operators set it. */
  readonly now: () => number;
  /** A clock that only goes forward: for whatever lasts, such as windows, caches, pauses and deadlines. */
  readonly monotonicNow: () => number;
}

/** The clocks of the system. */
export const systemClock: Clock = { now: () => Date.now(), monotonicNow: () => performance.now() };
