import { hash } from 'node:crypto';
import { isKey } from '@andamio/schema/key-format';
import type { Limit } from './limits/limit.ts';
import { Minutes } from './limits/minutes.ts';
import { type Known, Memory, type Refused } from './memory.ts';
import type { Outcome } from './outcome.ts';
import { invalidKey, type Refusal, unavailable } from './refusal.ts';
import type { Answer, Source } from './source.ts';
import type { Ledger } from './usage/ledger.ts';

/** How long a refusal is remembered, in milliseconds. */
const refusedAge = 1_000;

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
  readonly #memory = new Memory();
  readonly #minutes = new Minutes();
  readonly #flights = new Map<string, Flight>();
  #stopped = false;

  constructor(options: KeyCheckerOptions) {
    this.#options = options;
  }

  /** Checks what came as a key; at once where it is known. */
  check(key: string): Outcome | Promise<Outcome> {
    if (this.#stopped) return unavailable;
    const id = hash('sha256', key);
    const now = this.#options.now();
    const known = this.#memory.good(id, now);
    if (known !== undefined) return this.#use(known, now);
    const refused = this.#memory.refused(id, now);
    if (refused !== undefined) return refused.refusal;
    // Behind what is known: that has been through it.
    return isKey(key) ? this.#ask(id, key, now) : invalidKey;
  }

  /** Whether requests with a key may be answered without asking, or are about to be. */
  isInUse(id: string): boolean {
    return this.#flights.has(id) || this.#memory.isGood(id, this.#options.now());
  }

  /**
   * Tells a source that counts what no request is going to tell: by asking, which it counts as one of the requests that it is
   * told of. The answer is remembered like any other.
   */
  async report(id: string, key: string): Promise<void> {
    const untold = this.#flights.has(id) ? 0 : (this.#options.ledger?.take(id) ?? 0);
    if (untold > 0) await this.#begin(id, key, untold, untold - 1).finding;
  }

  /** Refuses whatever comes from now on, and resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#flights.values()].map(({ finding }) => finding));
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

  async #ask(id: string, key: string, arrivedAt: number): Promise<Outcome> {
    const { source, ledger, now } = this.#options;
    for (;;) {
      const underWay = this.#flights.get(id);
      const untold = underWay === undefined && source.counts ? (ledger?.take(id) ?? 0) : 0;
      const { begunAt, finding } = underWay ?? this.#begin(id, key, untold, untold);
      const found = await finding;
      // An answer that was too slow to be fresh for whoever came in between is good only for those who came before.
      if (arrivedAt > begunAt && arrivedAt >= found.freshUntil) continue;
      if ('refusal' in found) return found.refusal;
      return underWay === undefined && source.counts ? found.apiKey : this.#use(found, now());
    }
  }

  /** Asks. What was `taken` of the ledger goes back if the report of it was not heard. */
  #begin(id: string, key: string, taken: number, cachedAnswers: number): Flight {
    const { source, ledger, now } = this.#options;
    const begunAt = now();
    const finding = source.ask(key, cachedAnswers).then((answer) => {
      this.#flights.delete(id);
      ledger?.settle(id, taken, answer, now());
      return this.#remember(id, key, begunAt, answer);
    });
    const flight = { begunAt, finding };
    this.#flights.set(id, flight);
    return flight;
  }

  #remember(id: string, key: string, begunAt: number, answer: Answer): Known | Refused {
    if (answer.kind === 'good') {
      const { apiKey, maximumAge } = answer;
      const minute = this.#minutes.of(answer, this.#options.now());
      const known = { apiKey, minute, tally: this.#options.ledger?.of(id, key), freshUntil: begunAt + maximumAge };
      this.#memory.keepGood(id, known);
      return known;
    }
    this.#memory.forgetGood(id);
    // Limits and failures say nothing about the key: they are for those who were waiting, and for nobody after them.
    if (answer.kind !== 'refused') return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
    const refused = { refusal: answer.refusal, freshUntil: begunAt + refusedAge };
    this.#memory.keepRefused(id, refused);
    return refused;
  }
}
