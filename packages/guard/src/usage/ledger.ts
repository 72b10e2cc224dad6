import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { maximumCachedAnswers } from '@andamio/schema/usage';
import type { Answer } from '../source.ts';

/** Good answers that the service does not know of yet. */
export interface Tally {
  untold: number;
}

/** What the ledger has of a key. Nobody else refers to it: the key is gone when the ledger forgets it. */
interface Entry {
  /** A report is a request like any other: it needs the key itself. */
  readonly key: string;
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

/** The tallies of keys, by the digest that names a key within this process. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** The tally of a good key. */
  of(id: string, key: string): Tally {
    const known = this.#entries.get(id);
    if (known !== undefined) return known.tally;
    const tally = { untold: 0 };
    if (this.#entries.size < mostTallies) this.#entries.set(id, { key, tally, heldUntil: 0 });
    return tally;
  }

  /** Takes what a report is going to say. */
  take(id: string): number {
    const tally = this.#entries.get(id)?.tally;
    if (tally === undefined) return 0;
    const count = Math.min(tally.untold, maximumCachedAnswers);
    tally.untold -= count;
    return count;
  }

  /** Puts back what a report was to say, unless its answer shows that it was heard. */
  settle(id: string, taken: number, answer: Answer, now: number): void {
    const pause = pauses[answer.kind];
    const entry = this.#entries.get(id);
    if (taken === 0 || pause === undefined || entry === undefined) return;
    entry.tally.untold += taken;
    entry.heldUntil = now + pause;
  }

  /** The keys of which there is something to tell, and that are not held. */
  due(now: number): { readonly id: string; readonly key: string }[] {
    return [...this.#entries]
      .filter(([, { tally, heldUntil }]) => tally.untold > 0 && now >= heldUntil)
      .map(([id, { key }]) => ({ id, key }));
  }

  /** Forgets keys of which all was told, but those that are still in use. */
  forget(isInUse: (id: string) => boolean): void {
    for (const [id, { tally }] of this.#entries) if (tally.untold === 0 && !isInUse(id)) this.#entries.delete(id);
  }
}
