import { maximumCachedAnswers } from '@andamio/schema/guards';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Answer } from '../source.ts';

/** Good answers that the service does not know of yet. */
export interface Tally {
  untold: number;
}

/** What the ledger has of a key. */
interface Entry {
  readonly tally: Tally;
  /** Until when it is not reported in the background, milliseconds of the monotonic clock. */
  heldUntil: number;
}

/** Tallies that are kept at once. While the service is down they stay; what further keys use is not counted then. */
const mostTallies = 100_000;

/**
 * For how many milliseconds a report that was not heard is left to the key's own requests. Only a good answer, or that there is
 * no such key any more, says that it was heard.
 */
const pauses: Readonly<Partial<Record<Answer['kind'], number>>> = { unavailable: 5_000, limited: rateLimitWindow };

/** The tallies of keys. A report is a request like any other and needs the key itself, which is gone when the ledger forgets it. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** The tally of a good key. */
  of(key: string): Tally {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.tally;
    const tally = { untold: 0 };
    if (this.#entries.size < mostTallies) this.#entries.set(key, { tally, heldUntil: 0 });
    return tally;
  }

  /** Takes what a report is going to say. */
  take(key: string): number {
    const tally = this.#entries.get(key)?.tally;
    if (tally === undefined) return 0;
    const count = Math.min(tally.untold, maximumCachedAnswers);
    tally.untold -= count;
    return count;
  }

  /** Puts back what a report was to say, unless its answer shows that it was heard. */
  settle(key: string, taken: number, answer: Answer, now: number): void {
    const pause = pauses[answer.kind];
    const entry = this.#entries.get(key);
    if (taken === 0 || pause === undefined || entry === undefined) return;
    entry.tally.untold += taken;
    entry.heldUntil = now + pause;
  }

  /** The keys of which there is something to tell, and that are not held. */
  due(now: number): string[] {
    return [...this.#entries]
      .filter(([, { tally, heldUntil }]) => tally.untold > 0 && now >= heldUntil)
      .map(([key]) => key);
  }

  /** Forgets keys of which all was told, but those that are still in use. */
  forget(isInUse: (key: string) => boolean): void {
    for (const [key, { tally }] of this.#entries) if (tally.untold === 0 && !isInUse(key)) this.#entries.delete(key);
  }

  /** Forgets all of them, also what is not told. */
  clear(): void {
    this.#entries.clear();
  }
}
