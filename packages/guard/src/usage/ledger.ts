import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { maximumCachedAnswers } from '@andamio/schema/usage';
import type { Answer } from '../source.ts';

/** Good answers that the service does not know of yet. */
export interface Tally {
  /** A report is a request like any other: it needs the key itself. */
  readonly key: string;
  untold: number;
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

/** The tallies of keys, by the digest that names a key within this process. */
export class Ledger {
  readonly #tallies = new Map<string, Tally>();

  /** The tally of a good key. */
  of(id: string, key: string): Tally {
    const known = this.#tallies.get(id);
    if (known !== undefined) return known;
    const tally = { key, untold: 0, heldUntil: 0 };
    if (this.#tallies.size < mostTallies) this.#tallies.set(id, tally);
    return tally;
  }

  /** Takes what a report is going to say. */
  take(id: string): number {
    const tally = this.#tallies.get(id);
    if (tally === undefined) return 0;
    const count = Math.min(tally.untold, maximumCachedAnswers);
    tally.untold -= count;
    return count;
  }

  /** Puts back what a report was to say, unless its answer shows that it was heard. */
  settle(id: string, taken: number, answer: Answer, now: number): void {
    const pause = pauses[answer.kind];
    const tally = this.#tallies.get(id);
    if (taken === 0 || pause === undefined || tally === undefined) return;
    tally.untold += taken;
    tally.heldUntil = now + pause;
  }

  /** The tallies that have something to tell, and are not held. */
  due(now: number): [id: string, tally: Tally][] {
    return [...this.#tallies].filter(([, { untold, heldUntil }]) => untold > 0 && now >= heldUntil);
  }

  /** Forgets keys of which all was told, but those that are still in use. */
  forget(isInUse: (id: string) => boolean): void {
    for (const [id, { untold }] of this.#tallies) if (untold === 0 && !isInUse(id)) this.#tallies.delete(id);
  }
}
