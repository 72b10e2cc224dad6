import { isKey } from '@andamio/schema/key-format';
import type { ApiKey } from './api-key.ts';
import { FreshMap } from './fresh-map.ts';
import { GoodKeys } from './good-keys.ts';
import type { Limit } from './limits/limit.ts';
import type { Minute } from './limits/minute.ts';
import { Minutes } from './limits/minutes.ts';
import { UnknownKeyLimit } from './limits/unknown-keys.ts';
import type { Client, Outcome } from './outcome.ts';
import { invalidKey, type Refusal, unavailable } from './refusal.ts';
import type { Answer, GoodAnswer, Source } from './source.ts';
import type { Ledger, Tally } from './usage/ledger.ts';

/** How many are remembered: good keys, and those that are refused. */
const mostGood = 10_000;
const mostRefused = 1_000;
/** How long a refusal is remembered, in milliseconds. */
const refusedAge = 1_000;
/** Milliseconds from one look for what is no longer fresh to the next: so much longer may a key be in memory. */
const sweepInterval = 1_000;
/** Milliseconds before the end of an owner's minute from which on usage is reported. The end is known to two seconds. */
const reportBeforeEnd = 3_000;
/** Fraction of an answer's age after which it is refreshed in the background, so that no request waits for the next one. */
const refreshAfter = 0.8;
/** The shortest age that is refreshed, in milliseconds: what is cut shorter by the end of a minute or a key ends with it. */
const shortestRefreshed = 100;
/**
 * Returns the milliseconds until a refresh is repeated that brought no longer answer: the service refreshes what it knows once it is asked
 * about it, so that the answer after next is longer.
 */
const refreshPauseOf = (maximumAge: number) => Math.min(200, maximumAge / 20);

/** A good key. */
interface Known {
  readonly apiKey: ApiKey;
  readonly minute: Minute;
  /** Undefined where nobody is told how much a key is used. */
  readonly tally: Tally | undefined;
  /** Until when requests that arrive may be answered by it, milliseconds of the monotonic clock. */
  readonly freshUntil: number;
  /** From when on a request refreshes it. */
  refreshAt: number;
  readonly refreshPause: number;
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
  /** Keys that a client's limit does not bind. */
  readonly #goodKeys = new GoodKeys();
  readonly #unknownKeys = new UnknownKeyLimit();
  readonly #flights = new Map<string, Flight>();
  readonly #sweeping: NodeJS.Timeout;
  #stopped = false;

  constructor(options: KeyCheckerOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => this.#sweep(options.now()), sweepInterval).unref();
  }

  /** Checks what came as a key; at once where it is known. */
  check(key: string, client: Client): Outcome | Promise<Outcome> {
    if (this.#stopped) return unavailable;
    const now = this.#options.now();
    const known = this.#good.get(key, now);
    if (known !== undefined) return this.#use(key, known, now);
    const refused = this.#refused.get(key, now);
    if (refused !== undefined) return refused.refusal;
    // Behind what is known: that has been through it.
    return isKey(key) ? this.#ask(key, client, now) : invalidKey;
  }

  /** Whether requests with a key may be answered without asking, or are about to be. */
  isInUse(key: string): boolean {
    return this.#flights.has(key) || this.#good.get(key, this.#options.now()) !== undefined;
  }

  /**
   * Reports whether the usage of a key is left to its next request to tell. It is not where its owner's minute is about to end: told in the
   * next one, it would take as much of that.
   */
  isReportedByRequests(key: string): boolean {
    const now = this.#options.now();
    if (this.#flights.has(key)) return true;
    const known = this.#good.get(key, now);
    return known !== undefined && !known.minute.endsWithin(reportBeforeEnd, now);
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
    this.#goodKeys.clear();
  }

  #sweep(now: number): void {
    this.#good.sweep(now);
    this.#refused.sweep(now);
    this.#unknownKeys.sweep(now);
  }

  /** Lets a request in that nobody has counted, if the owner's minute has one left. */
  #use(key: string, known: Known, now: number): Outcome | Promise<Outcome> {
    const over = this.#options.limit(known.apiKey, known.minute, now);
    return over instanceof Promise
      ? over.then((refusal) => this.#admit(key, known, refusal, now))
      : this.#admit(key, known, over, now);
  }

  #admit(key: string, known: Known, over: Refusal | undefined, now: number): Outcome {
    if (over !== undefined) return over;
    const { apiKey, tally } = known;
    if (tally !== undefined) tally.untold++;
    if (now >= known.refreshAt) this.#refresh(key, known, now);
    return apiKey;
  }

  /** Asks in the background about a key whose answer is about to end. Where that is a report, the request at hand is one of the count. */
  #refresh(key: string, known: Known, now: number): void {
    known.refreshAt = now + known.refreshPause;
    if (this.#stopped || this.#flights.has(key)) return;
    const { source, ledger } = this.#options;
    const untold = source.counts ? (ledger?.take(key) ?? 0) : 0;
    this.#begin(key, untold, Math.max(0, untold - 1));
  }

  async #ask(key: string, client: Client, arrivedAt: number): Promise<Outcome> {
    const { source, ledger, now } = this.#options;
    for (;;) {
      const underWay = this.#flights.get(key);
      const address = underWay === undefined && !this.#goodKeys.has(key) ? (client.ip ?? '') : undefined;
      const over = address === undefined ? undefined : this.#unknownKeys.take(address, arrivedAt);
      if (over !== undefined) return over;
      const untold = underWay === undefined && source.counts ? (ledger?.take(key) ?? 0) : 0;
      const { begunAt, finding } = underWay ?? this.#begin(key, untold, untold);
      const found = await finding;
      if (address !== undefined && !('refusal' in found && found.refusal === invalidKey))
        this.#unknownKeys.refund(address);
      // An answer that was too slow to be fresh for whoever came in between is good only for those who came before.
      if (arrivedAt > begunAt && arrivedAt >= found.freshUntil) continue;
      if ('refusal' in found) return found.refusal;
      return underWay === undefined && source.counts ? found.apiKey : this.#use(key, found, now());
    }
  }

  /** Asks. What was `taken` of the ledger goes back if the report of it was not heard. */
  #begin(key: string, taken: number, cachedAnswers: number): Flight {
    const { source, ledger, now } = this.#options;
    const begunAt = now();
    const finding = source.ask(key, cachedAnswers).then((answer) => {
      this.#flights.delete(key);
      ledger?.settle(key, taken, answer, now());
      return this.#remember(key, begunAt, answer, taken);
    });
    const flight = { begunAt, finding };
    this.#flights.set(key, flight);
    return flight;
  }

  #remember(key: string, begunAt: number, answer: Answer, told: number): Known | Refused {
    switch (answer.kind) {
      case 'good':
        return this.#rememberGood(key, begunAt, answer, told);
      case 'refused': {
        const refused = { refusal: answer.refusal, freshUntil: begunAt + refusedAge };
        this.#good.delete(key);
        this.#goodKeys.delete(key);
        if (!this.#stopped) this.#refused.set(key, refused);
        return refused;
      }
      case 'limited':
        // The owner's limits are the service's to tell: the next request asks again.
        this.#good.delete(key);
        return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
      case 'unavailable':
        // Says nothing about the key: what is known of it is as fresh as before.
        return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
    }
  }

  #rememberGood(key: string, begunAt: number, answer: GoodAnswer, told: number): Known {
    const { apiKey, maximumAge } = answer;
    const now = this.#options.now();
    const known: Known = {
      apiKey,
      minute: this.#minutes.of(answer, now, told),
      tally: this.#options.ledger?.of(key),
      freshUntil: begunAt + maximumAge,
      refreshAt: maximumAge < shortestRefreshed ? Number.POSITIVE_INFINITY : begunAt + maximumAge * refreshAfter,
      refreshPause: refreshPauseOf(maximumAge),
    };
    if (this.#stopped) return known;
    this.#goodKeys.add(key);
    // A refresh whose answer ends hardly later than what is known replaces nothing: it is repeated.
    const before = this.#good.get(key, now);
    if (before === undefined || known.freshUntil > before.freshUntil + before.refreshPause) this.#good.set(key, known);
    return known;
  }
}
