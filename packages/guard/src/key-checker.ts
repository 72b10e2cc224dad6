import { isKey } from '@andamio/schema/key-format';
import type { ApiKey } from './api-key.ts';
import { FreshMap } from './fresh-map.ts';
import type { Answer, KeySource, ValidAnswer } from './key-source.ts';
import type { Limit } from './limits/limit.ts';
import type { OwnerWindow } from './limits/owner-window.ts';
import { OwnerWindows } from './limits/owner-windows.ts';
import { UnknownKeyLimit } from './limits/unknown-keys.ts';
import type { Client, Outcome } from './outcome.ts';
import { RecentlyValidKeys } from './recently-valid-keys.ts';
import { invalidKey, type Refusal, unavailable } from './refusal.ts';
import type { Ledger, Tally } from './usage/ledger.ts';

/** Largest number of cached valid keys. */
const maximumValid = 10_000;
/** Largest number of cached refusals. */
const maximumRefused = 1_000;
/** Milliseconds for which a refusal is cached. */
const refusedAge = 1_000;
/** Milliseconds between removals of expired entries. A key may stay in memory that much longer. */
const sweepInterval = 1_000;
/**
 * Milliseconds before the end of an owner's rate-limit window from which usage is reported. The end
 * is known to within two seconds.
 */
const reportBeforeEnd = 3_000;
/**
 * Fraction of an answer's maximum age after which it is refreshed in the background, so that no
 * request waits.
 */
const refreshAfter = 0.8;
/**
 * Smallest maximum age, in milliseconds, for which an answer is refreshed. Shorter ages result from
 * the end of a window or of a key, which a refresh cannot extend.
 */
const shortestRefreshed = 100;
/**
 * Returns the milliseconds before an unsuccessful refresh is retried. A verification that the
 * service has cached is refreshed there when it is requested, so that a later answer is fresh for
 * longer.
 */
const refreshPauseOf = (maximumAge: number) => Math.min(200, maximumAge / 20);

/** A cached valid key. */
interface ValidEntry {
  readonly apiKey: ApiKey;
  readonly ownerWindow: OwnerWindow;
  /** The key's usage; undefined if usage is not reported. */
  readonly tally: Tally | undefined;
  /**
   * End of the time for which the entry may answer requests, in milliseconds of the monotonic
   * clock.
   */
  readonly freshUntil: number;
  /** Time from which a request triggers a refresh. */
  refreshAt: number;
  readonly refreshPause: number;
}

/** A cached refusal. */
interface RefusedEntry {
  readonly refusal: Refusal;
  readonly freshUntil: number;
}

/** A look-up that has not ended yet. */
interface PendingLookup {
  readonly startedAt: number;
  readonly result: Promise<ValidEntry | RefusedEntry>;
}

/** Options of a {@link KeyChecker}. */
export interface KeyCheckerOptions {
  readonly source: KeySource;
  readonly limit: Limit;
  /** Usage per key; undefined if usage is not reported. */
  readonly ledger: Ledger | undefined;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

/**
 * Checks keys with a source and caches its answers as long as the source allows. A request is
 * answered by a look-up that started after it arrived, or by an entry that was fresh when it
 * arrived.
 */
export class KeyChecker {
  readonly #options: KeyCheckerOptions;
  /**
   * Valid entries by key. A key is kept only while its entry is fresh. Digesting it instead would
   * double the cost of a cache hit.
   */
  readonly #valid = new FreshMap<ValidEntry>(maximumValid);
  /** Refusals have a map of their own, so that a flood of unknown keys evicts no valid key. */
  readonly #refused = new FreshMap<RefusedEntry>(maximumRefused);
  readonly #ownerWindows = new OwnerWindows();
  /** Keys that are exempt from the limit of unknown keys per client. */
  readonly #recentlyValid = new RecentlyValidKeys();
  readonly #unknownKeys = new UnknownKeyLimit();
  readonly #pending = new Map<string, PendingLookup>();
  readonly #sweeping: NodeJS.Timeout;
  #stopped = false;

  constructor(options: KeyCheckerOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => this.#sweep(options.now()), sweepInterval).unref();
  }

  /** Checks a key. Returns the outcome synchronously if the key is cached. */
  check(key: string, client: Client): Outcome | Promise<Outcome> {
    if (this.#stopped) return unavailable;
    const now = this.#options.now();
    const known = this.#valid.get(key, now);
    if (known !== undefined) return this.#use(key, known, now);
    const refused = this.#refused.get(key, now);
    if (refused !== undefined) return refused.refusal;
    // The checksum is computed only for uncached keys: cached ones have passed it.
    return isKey(key) ? this.#ask(key, client, now) : invalidKey;
  }

  /** Reports whether a key is cached or being looked up. */
  isInUse(key: string): boolean {
    return this.#pending.has(key) || this.#valid.get(key, this.#options.now()) !== undefined;
  }

  /**
   * Reports whether the usage of a key can wait for its next request. It cannot when its owner's
   * window is about to end, because it would then count toward the next window.
   */
  isReportedByRequests(key: string): boolean {
    const now = this.#options.now();
    if (this.#pending.has(key)) return true;
    const known = this.#valid.get(key, now);
    return known !== undefined && !known.ownerWindow.endsWithin(reportBeforeEnd, now);
  }

  /**
   * Reports the usage of a key with a look-up, which itself counts as one of the requests. The
   * answer is cached like any other.
   */
  async report(key: string): Promise<void> {
    const unreported = this.#pending.has(key) ? 0 : (this.#options.ledger?.take(key) ?? 0);
    if (unreported > 0) await this.#startLookup(key, unreported, unreported - 1).result;
  }

  /** Rejects all later requests, waits for pending look-ups, and clears the cache. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#pending.values()].map(({ result }) => result));
    clearInterval(this.#sweeping);
    this.#sweep(Number.POSITIVE_INFINITY);
    this.#recentlyValid.clear();
  }

  #sweep(now: number): void {
    this.#valid.sweep(now);
    this.#refused.sweep(now);
    this.#unknownKeys.sweep(now);
  }

  /** Accepts a request that is not counted yet, if the owner's window allows it. */
  #use(key: string, known: ValidEntry, now: number): Outcome | Promise<Outcome> {
    const over = this.#options.limit(known.apiKey, known.ownerWindow, now);
    return over instanceof Promise
      ? over.then((refusal) => this.#accept(key, known, refusal, now))
      : this.#accept(key, known, over, now);
  }

  #accept(key: string, known: ValidEntry, over: Refusal | undefined, now: number): Outcome {
    if (over !== undefined) return over;
    const { apiKey, tally } = known;
    if (tally !== undefined) tally.unreported++;
    if (now >= known.refreshAt) this.#refresh(key, known, now);
    return apiKey;
  }

  /**
   * Looks a key up in the background. If the look-up is also a report, the current request counts
   * as one of the reported ones.
   */
  #refresh(key: string, known: ValidEntry, now: number): void {
    known.refreshAt = now + known.refreshPause;
    if (this.#stopped || this.#pending.has(key)) return;
    const { source, ledger } = this.#options;
    const unreported = source.countsRequests ? (ledger?.take(key) ?? 0) : 0;
    this.#startLookup(key, unreported, Math.max(0, unreported - 1));
  }

  async #ask(key: string, client: Client, arrivedAt: number): Promise<Outcome> {
    const { source, ledger, now } = this.#options;
    for (;;) {
      const pending = this.#pending.get(key);
      const address = pending === undefined && !this.#recentlyValid.has(key) ? (client.ip ?? '') : undefined;
      const over = address === undefined ? undefined : this.#unknownKeys.consume(address, arrivedAt);
      if (over !== undefined) return over;
      const unreported = pending === undefined && source.countsRequests ? (ledger?.take(key) ?? 0) : 0;
      const { startedAt, result } = pending ?? this.#startLookup(key, unreported, unreported);
      const found = await result;
      if (address !== undefined && !('refusal' in found && found.refusal === invalidKey))
        this.#unknownKeys.refund(address);
      // The answer was no longer fresh when this request arrived. It is used only for requests that
      // arrived before the look-up started.
      if (arrivedAt > startedAt && arrivedAt >= found.freshUntil) continue;
      if ('refusal' in found) return found.refusal;
      return pending === undefined && source.countsRequests ? found.apiKey : this.#use(key, found, now());
    }
  }

  /** Starts a look-up. The `taken` usage returns to the ledger if the report did not arrive. */
  #startLookup(key: string, taken: number, cachedAnswers: number): PendingLookup {
    const { source, ledger, now } = this.#options;
    const startedAt = now();
    const result = source.ask(key, cachedAnswers).then((answer) => {
      this.#pending.delete(key);
      ledger?.settle(key, taken, answer, now());
      return this.#save(key, startedAt, answer, taken);
    });
    const lookup = { startedAt, result };
    this.#pending.set(key, lookup);
    return lookup;
  }

  #save(key: string, startedAt: number, answer: Answer, reported: number): ValidEntry | RefusedEntry {
    switch (answer.kind) {
      case 'valid':
        return this.#saveValid(key, startedAt, answer, reported);
      case 'refused': {
        const refused = { refusal: answer.refusal, freshUntil: startedAt + refusedAge };
        this.#valid.delete(key);
        this.#recentlyValid.delete(key);
        if (!this.#stopped) this.#refused.set(key, refused);
        return refused;
      }
      case 'limited':
        // The owner's limits are the service's to tell: the next request asks again.
        this.#valid.delete(key);
        return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
      case 'unavailable':
        // Says nothing about the key: what is known of it is as fresh as before.
        return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
    }
  }

  #saveValid(key: string, startedAt: number, answer: ValidAnswer, reported: number): ValidEntry {
    const { apiKey, maximumAge } = answer;
    const now = this.#options.now();
    const known: ValidEntry = {
      apiKey,
      ownerWindow: this.#ownerWindows.of(answer, now, reported),
      tally: this.#options.ledger?.of(key),
      freshUntil: startedAt + maximumAge,
      refreshAt: maximumAge < shortestRefreshed ? Number.POSITIVE_INFINITY : startedAt + maximumAge * refreshAfter,
      refreshPause: refreshPauseOf(maximumAge),
    };
    if (this.#stopped) return known;
    this.#recentlyValid.add(key);
    // A refresh that extends the entry only slightly does not replace it, and is retried.
    const before = this.#valid.get(key, now);
    if (before === undefined || known.freshUntil > before.freshUntil + before.refreshPause) this.#valid.set(key, known);
    return known;
  }
}
