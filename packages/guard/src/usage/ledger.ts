import { maximumCachedAnswers } from '@andamio/schema/guards';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Answer } from '../key-source.ts';

/** The number of requests for a key that have not been reported to the service. */
export interface Tally {
  unreported: number;
}

interface Entry {
  readonly tally: Tally;
  /** Time until which background reports skip the key, in milliseconds of the monotonic clock. */
  heldUntil: number;
}

/**
 * Maximum number of keys. While the service is down, entries accumulate. At the maximum, the usage
 * of additional keys is not counted.
 */
const maximumTallies = 100_000;

/**
 * Time, in milliseconds, for which background reports skip a key after a failed report, by the kind
 * of the service's answer. Kinds without a time, `valid` and `refused`, confirm the report.
 */
const pauses: Readonly<Partial<Record<Answer['kind'], number>>> = {
  unavailable: 5_000,
  limited: rateLimitWindow,
};

/**
 * Unreported usage by key. A report is a request with the key itself, so the ledger stores the key
 * until its usage is reported.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** Returns the tally of a valid key, and adds the key to the ledger if there is room. */
  of(key: string): Tally {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.tally;
    const tally = { unreported: 0 };
    if (this.#entries.size < maximumTallies) this.#entries.set(key, { tally, heldUntil: 0 });
    return tally;
  }

  /**
   * Removes a key's usage from the ledger, at most as much as one report can contain. Returns the
   * number of requests that were removed.
   */
  take(key: string): number {
    const tally = this.#entries.get(key)?.tally;
    if (tally === undefined) return 0;
    const count = Math.min(tally.unreported, maximumCachedAnswers);
    tally.unreported -= count;
    return count;
  }

  /** Adds the usage of a failed report back to the ledger. Does nothing if the report succeeded. */
  settle(key: string, taken: number, answer: Answer, now: number): void {
    const pause = pauses[answer.kind];
    const entry = this.#entries.get(key);
    if (taken === 0 || pause === undefined || entry === undefined) return;
    entry.tally.unreported += taken;
    entry.heldUntil = now + pause;
  }

  /** Returns the keys whose unreported usage is due for a background report. */
  due(now: number): string[] {
    return [...this.#entries]
      .filter(([, { tally, heldUntil }]) => tally.unreported > 0 && now >= heldUntil)
      .map(([key]) => key);
  }

  /** Removes keys that have no unreported usage and are no longer in use. */
  forget(isInUse: (key: string) => boolean): void {
    for (const [key, { tally }] of this.#entries)
      if (tally.unreported === 0 && !isInUse(key)) this.#entries.delete(key);
  }

  /** Removes all keys and their unreported usage. */
  clear(): void {
    this.#entries.clear();
  }
}
