import { LRUCache } from 'lru-cache';
import type { ApiKey } from './api-key.ts';
import type { Minute } from './limits/minute.ts';
import type { Refusal } from './refusal.ts';
import type { Tally } from './usage/ledger.ts';

/** How many are remembered: good keys, and those that are refused. */
const goodKeys = 10_000;
const refusedKeys = 1_000;

/** A good key. */
export interface Known {
  readonly apiKey: ApiKey;
  readonly minute: Minute;
  /** Undefined where nobody is told how much a key is used. */
  readonly tally: Tally | undefined;
  /** Until when requests that arrive may be answered by it, milliseconds of the monotonic clock. */
  readonly freshUntil: number;
}

/** A refusal, likewise. */
export interface Refused {
  readonly refusal: Refusal;
  readonly freshUntil: number;
}

/** What is known of keys, by a digest of each and never by the key. */
export class Memory {
  readonly #good = new LRUCache<string, Known>({ max: goodKeys });
  /** Apart, so that a flood of unknown keys pushes no good one out. */
  readonly #refused = new LRUCache<string, Refused>({ max: refusedKeys });

  good(id: string, now: number): Known | undefined {
    const known = this.#good.get(id);
    return known !== undefined && now < known.freshUntil ? known : undefined;
  }

  /** The same without counting as a use, which keeps a key from being pushed out. */
  isGood(id: string, now: number): boolean {
    const known = this.#good.peek(id);
    return known !== undefined && now < known.freshUntil;
  }

  refused(id: string, now: number): Refused | undefined {
    const refused = this.#refused.get(id);
    return refused !== undefined && now < refused.freshUntil ? refused : undefined;
  }

  keepGood(id: string, known: Known): void {
    this.#good.set(id, known);
  }

  keepRefused(id: string, refused: Refused): void {
    this.#refused.set(id, refused);
  }

  /** Forgets a key that is good no more, or of which that cannot be said now. */
  forgetGood(id: string): void {
    this.#good.delete(id);
  }
}
