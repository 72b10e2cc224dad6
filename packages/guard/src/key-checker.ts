import { isKey } from '@andamio/schema/key-format';
import type { ApiKey } from './api-key.ts';
import { FreshMap } from './fresh-map.ts';
import type { Limit } from './limits/limit.ts';
import type { Minute } from './limits/minute.ts';
import { Minutes } from './limits/minutes.ts';
import type { Outcome } from './outcome.ts';
import { invalidKey, type Refusal, unavailable } from './refusal.ts';
import type { Answer, Source } from './source.ts';
import type { Ledger, Tally } from './usage/ledger.ts';

/** How many are remembered: good keys, and those that are refused. */
const mostGood = 10_000;
const mostRefused = 1_000;
/** How long a refusal is remembered, in milliseconds. */
const refusedAge = 1_000;
/** Milliseconds from one look for what is no longer fresh to the next: so much longer may a key be in memory. */
const sweepInterval = 1_000;

/** A good key. */
interface Known {
  readonly apiKey: ApiKey;
  readonly minute: Minute;
  /** Undefined where nobody is told how much a key is used. */
  readonly tally: Tally | undefined;
  /** Until when requests that arrive may be answered by it, milliseconds of the monotonic clock. */
  readonly freshUntil: number;
}

/** A refusal, likewise. */
interface Refused {
  readonly refusal: Refusal;
  readonly freshUntil: number;
}

/** A question that is under way. */
interface Flight {
  readonly begunAt: number;
  readonly finding: Promise<Known | Refused>;
}

export interface KeyCheckerOptions {
  readonly source: Source;
  readonly limit: Limit;
  /** Undefined where nobody is told how much a key is used. */
  readonly ledger: Ledger | undefined;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/**
 * Checks keys by asking a source, and remembers its answers as long as it allows: a request is only ever answered by what was
 * asked after it came, or by what is fresh when it comes.
 */
export class KeyChecker {
  readonly #options: KeyCheckerOptions;
  /** By the keys themselves, and no longer than they are fresh: a digest would cost as much as all else that a hit takes. */
  readonly #good = new FreshMap<Known>(mostGood);
  /** Apart, so that a flood of unknown keys pushes no good one out. */
  readonly #refused = new FreshMap<Refused>(mostRefused);
  readonly #minutes = new Minutes();
  readonly #flights = new Map<string, Flight>();
  readonly #sweeping: NodeJS.Timeout;
  #stopped = false;

  constructor(options: KeyCheckerOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => this.#sweep(options.now()), sweepInterval).unref();
  }

  /** Checks what came as a key; at once where it is known. */
  check(key: string): Outcome | Promise<Outcome> {
    if (this.#stopped) return unavailable;
    const now = this.#options.now();
    const known = this.#good.get(key, now);
    if (known !== undefined) return this.#use(known, now);
    const refused = this.#refused.get(key, now);
    if (refused !== undefined) return refused.refusal;
    // Behind what is known: that has been through it.
    return isKey(key) ? this.#ask(key, now) : invalidKey;
  }

  /** Whether requests with a key may be answered without asking, or are about to be. */
  isInUse(key: string): boolean {
    return this.#flights.has(key) || this.#good.get(key, this.#options.now()) !== undefined;
  }

  /**
   * Tells a source that counts what no request is going to tell: by asking, which it counts as one of the requests that it is
   * told of. The answer is remembered like any other.
   */
  async report(key: string): Promise<void> {
    const untold = this.#flights.has(key) ? 0 : (this.#options.ledger?.take(key) ?? 0);
    if (untold > 0) await this.#begin(key, untold, untold - 1).finding;
  }

  /** Refuses whatever comes from now on, and resolves when nothing is under way. Nothing is remembered any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#flights.values()].map(({ finding }) => finding));
    clearInterval(this.#sweeping);
    this.#sweep(Number.POSITIVE_INFINITY);
  }

  #sweep(now: number): void {
    this.#good.sweep(now);
    this.#refused.sweep(now);
  }

  /** Lets a request in that nobody has counted, if the owner's minute has one left. */
  #use(known: Known, now: number): Outcome | Promise<Outcome> {
    const over = this.#options.limit(known.apiKey, known.minute, now);
    return over instanceof Promise ? over.then((refusal) => this.#admit(known, refusal)) : this.#admit(known, over);
  }

  #admit({ apiKey, tally }: Known, over: Refusal | undefined): Outcome {
    if (over !== undefined) return over;
    if (tally !== undefined) tally.untold++;
    return apiKey;
  }

  async #ask(key: string, arrivedAt: number): Promise<Outcome> {
    const { source, ledger, now } = this.#options;
    for (;;) {
      const underWay = this.#flights.get(key);
      const untold = underWay === undefined && source.counts ? (ledger?.take(key) ?? 0) : 0;
      const { begunAt, finding } = underWay ?? this.#begin(key, untold, untold);
      const found = await finding;
      // An answer that was too slow to be fresh for whoever came in between is good only for those who came before.
      if (arrivedAt > begunAt && arrivedAt >= found.freshUntil) continue;
      if ('refusal' in found) return found.refusal;
      return underWay === undefined && source.counts ? found.apiKey : this.#use(found, now());
    }
  }

  /** Asks. What was `taken` of the ledger goes back if the report of it was not heard. */
  #begin(key: string, taken: number, cachedAnswers: number): Flight {
    const { source, ledger, now } = this.#options;
    const begunAt = now();
    const finding = source.ask(key, cachedAnswers).then((answer) => {
      this.#flights.delete(key);
      ledger?.settle(key, taken, answer, now());
      return this.#remember(key, begunAt, answer);
    });
    const flight = { begunAt, finding };
    this.#flights.set(key, flight);
    return flight;
  }

  #remember(key: string, begunAt: number, answer: Answer): Known | Refused {
    if (answer.kind === 'good') {
      const { apiKey, maximumAge } = answer;
      const minute = this.#minutes.of(answer, this.#options.now());
      const known = { apiKey, minute, tally: this.#options.ledger?.of(key), freshUntil: begunAt + maximumAge };
      if (!this.#stopped) this.#good.set(key, known);
      return known;
    }
    this.#good.delete(key);
    // Limits and failures say nothing about the key: they are for those who were waiting, and for nobody after them.
    if (answer.kind !== 'refused') return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
    const refused = { refusal: answer.refusal, freshUntil: begunAt + refusedAge };
    if (!this.#stopped) this.#refused.set(key, refused);
    return refused;
  }
}
