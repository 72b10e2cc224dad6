import { maximumCachedAnswers } from '@andamio/schema/guards';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Answer } from '../key-source.ts';

/** Number of requests with a key that have not been reported to the service. */
export interface Tally {
  unreported: number;
}

/** The ledger's entry of a key. */
interface Entry {
  readonly tally: Tally;
  /**
   * Time until which the key is not reported in the background, in milliseconds of the monotonic
   * clock.
   */
  heldUntil: number;
}

/**
 * Largest number of tallies. They are kept while the service is down; usage of further keys is then
 * not counted.
 */
const maximumTallies = 100_000;

/**
 * Milliseconds for which usage is not reported in the background after a failed report. Only a
 * valid or refused answer confirms a report.
 */
const pauses: Readonly<Partial<Record<Answer['kind'], number>>> = { unavailable: 5_000, limited: rateLimitWindow };

/**
 * Unreported usage by key. A report is a request with the key itself, so the ledger holds the key
 * until its usage is reported.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** Returns the tally of a valid key. */
  of(key: string): Tally {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.tally;
    const tally = { unreported: 0 };
    if (this.#entries.size < maximumTallies) this.#entries.set(key, { tally, heldUntil: 0 });
    return tally;
  }

  /** Removes the usage for one report and returns it. */
  take(key: string): number {
    const tally = this.#entries.get(key)?.tally;
    if (tally === undefined) return 0;
    const count = Math.min(tally.unreported, maximumCachedAnswers);
    tally.unreported -= count;
    return count;
  }

  /** Returns the usage of a failed report to the ledger. */
  settle(key: string, taken: number, answer: Answer, now: number): void {
    const pause = pauses[answer.kind];
    const entry = this.#entries.get(key);
    if (taken === 0 || pause === undefined || entry === undefined) return;
    entry.tally.unreported += taken;
    entry.heldUntil = now + pause;
  }

  /** Returns the keys with unreported usage that are not held. */
  due(now: number): string[] {
    return [...this.#entries]
      .filter(([, { tally, heldUntil }]) => tally.unreported > 0 && now >= heldUntil)
      .map(([key]) => key);
  }

  /** Removes keys whose usage has been reported and that are no longer in use. */
  forget(isInUse: (key: string) => boolean): void {
    for (const [key, { tally }] of this.#entries)
      if (tally.unreported === 0 && !isInUse(key)) this.#entries.delete(key);
  }

  /** Removes all keys, including unreported usage. */
  clear(): void {
    this.#entries.clear();
  }
}
