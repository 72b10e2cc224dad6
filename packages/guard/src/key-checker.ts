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

/** Maximum number of cached valid keys. */
const maximumValid = 10_000;
/** Maximum number of cached refusals. */
const maximumRefused = 1_000;
/** Milliseconds for which a refusal is cached. */
const refusedAge = 1_000;
/**
 * Milliseconds between removals of expired entries. The cache contains an expired key for up to this
 * time. If the key has unreported usage, the ledger contains it for longer.
 */
const sweepInterval = 1_000;
/**
 * Milliseconds before the end of an owner's rate-limit window from which usage is reported in the
 * background. Earlier in the window, a key's next request reports the usage. The value exceeds two
 * seconds because the guard knows the end of the window only to within two seconds.
 */
const reportBeforeEnd = 3_000;
/**
 * Range of the random fraction of an answer's maximum age after which the answer is refreshed in
 * the background, so that requests do not wait. Without randomness, keys whose answers arrive
 * together, such as after a restart, would all be refreshed at the same moment.
 *
 * The range begins after the service has refreshed its own entry (`refreshAfter` of `KeyCache`). An
 * earlier lookup would return the answer that the guard already has.
 */
const refreshFraction = { from: 0.7, to: 0.85 };
/**
 * Minimum cache time, in milliseconds, of an answer that is refreshed. Answers that may be cached
 * for a shorter time are not refreshed. They expire with their key or rate-limit window, which a
 * refresh cannot extend.
 */
const shortestRefreshed = 100;
/**
 * Returns the time to wait, in milliseconds, before retrying a refresh that did not extend the
 * entry. The service may have answered from its own cache. It then refreshes its own entry in the
 * background, and a later answer can be cached for longer.
 */
const refreshPauseOf = (maximumAge: number) => Math.min(200, maximumAge / 20);

const randomBetween = ({ from, to }: { readonly from: number; readonly to: number }) =>
  from + Math.random() * (to - from);

interface ValidEntry {
  readonly apiKey: ApiKey;
  readonly ownerWindow: OwnerWindow;
  /** Unreported usage of the key. Undefined if usage is not reported. */
  readonly tally: Tally | undefined;
  /** Time until which the entry may be used, in milliseconds of the monotonic clock. */
  readonly freshUntil: number;
  /**
   * Time after which the next request refreshes the entry, in milliseconds of the monotonic clock.
   */
  refreshAt: number;
  readonly refreshPause: number;
}

interface RefusedEntry {
  readonly refusal: Refusal;
  readonly freshUntil: number;
}

/** A lookup that has not completed. Concurrent requests for the same key share it. */
interface PendingLookup {
  readonly startedAt: number;
  readonly result: Promise<ValidEntry | RefusedEntry>;
}

export interface KeyCheckerOptions {
  readonly source: KeySource;
  readonly limit: Limit;
  /** Unreported usage by key. Undefined if usage is not reported. */
  readonly ledger: Ledger | undefined;
  /** Returns milliseconds from a monotonic clock. */
  readonly now: () => number;
}

/**
 * Looks up keys in a source, and caches the answers for as long as the source allows.
 *
 * For each request, it uses a cached entry that is fresh when the request arrives, or the answer to
 * a lookup that starts afterwards.
 */
export class KeyChecker {
  readonly #options: KeyCheckerOptions;
  /**
   * Valid entries by key. The map holds a key only while its entry is fresh. Indexing by a digest
   * would double the cost of a cache hit.
   */
  readonly #valid = new FreshMap<ValidEntry>(maximumValid);
  /**
   * Cached refusals by key. Separate from the valid entries, so that a flood of unknown keys does
   * not evict valid keys.
   */
  readonly #refused = new FreshMap<RefusedEntry>(maximumRefused);
  readonly #ownerWindows = new OwnerWindows();
  /** Keys exempt from the per-client limit on unknown keys. */
  readonly #recentlyValid = new RecentlyValidKeys();
  readonly #unknownKeys = new UnknownKeyLimit();
  readonly #pending = new Map<string, PendingLookup>();
  readonly #sweeping: NodeJS.Timeout;
  #stopped = false;

  constructor(options: KeyCheckerOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => this.#sweep(options.now()), sweepInterval).unref();
  }

  /** Checks a key. Returns the outcome if the key is cached, otherwise a promise of the outcome. */
  check(key: string, client: Client): Outcome | Promise<Outcome> {
    if (this.#stopped) return unavailable;
    const now = this.#options.now();
    const known = this.#valid.get(key, now);
    if (known !== undefined) return this.#use(key, known, now);
    const refused = this.#refused.get(key, now);
    if (refused !== undefined) return refused.refusal;
    // Cached keys have already passed the checksum.
    return isKey(key) ? this.#ask(key, client, now) : invalidKey;
  }

  /** Reports whether a key is cached or being looked up. */
  isInUse(key: string): boolean {
    return this.#pending.has(key) || this.#valid.get(key, this.#options.now()) !== undefined;
  }

  /**
   * Returns whether the key's next request can report the usage counted so far. Near the end of the
   * owner's rate-limit window it cannot, because the usage would count toward the next window.
   */
  isReportedByRequests(key: string): boolean {
    const now = this.#options.now();
    if (this.#pending.has(key)) return true;
    const known = this.#valid.get(key, now);
    return known !== undefined && !known.ownerWindow.endsWithin(reportBeforeEnd, now);
  }

  /**
   * Reports the usage of a key by looking the key up. The lookup itself counts as one of the
   * reported requests. The answer is cached like any other answer.
   */
  async report(key: string): Promise<void> {
    const unreported = this.#pending.has(key) ? 0 : (this.#options.ledger?.take(key) ?? 0);
    if (unreported > 0) await this.#startLookup(key, unreported, unreported - 1).result;
  }

  /** Rejects later requests, waits for pending lookups, and clears the cache. */
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

  /**
   * Counts a request for a cached key toward the owner's limit and accepts it if the limit allows.
   */
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
   * Refreshes an entry in the background. If the source counts requests, the lookup also reports
   * usage, and counts as one of the reported requests.
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
      const address =
        pending === undefined && !this.#recentlyValid.has(key) ? (client.ip ?? '') : undefined;
      const over =
        address === undefined ? undefined : this.#unknownKeys.consume(address, arrivedAt);
      if (over !== undefined) return over;
      const unreported =
        pending === undefined && source.countsRequests ? (ledger?.take(key) ?? 0) : 0;
      const { startedAt, result } = pending ?? this.#startLookup(key, unreported, unreported);
      const found = await result;
      if (address !== undefined && !('refusal' in found && found.refusal === invalidKey))
        this.#unknownKeys.refund(address);
      // The answer expired before this request arrived, so the key is looked up again. Requests
      // that arrived before the lookup started may still use the answer.
      if (arrivedAt > startedAt && arrivedAt >= found.freshUntil) continue;
      if ('refusal' in found) return found.refusal;
      return pending === undefined && source.countsRequests
        ? found.apiKey
        : this.#use(key, found, now());
    }
  }

  /**
   * Starts a lookup that reports the `taken` usage. If the report fails, the usage returns to the
   * ledger.
   */
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

  #save(
    key: string,
    startedAt: number,
    answer: Answer,
    reported: number,
  ): ValidEntry | RefusedEntry {
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
        // Only the service knows when the owner may continue, so the next request looks the key up
        // again.
        this.#valid.delete(key);
        return { refusal: answer.refusal, freshUntil: Number.POSITIVE_INFINITY };
      case 'unavailable':
        // The answer does not concern the key, so a cached entry remains usable until it expires.
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
      refreshAt:
        maximumAge < shortestRefreshed
          ? Number.POSITIVE_INFINITY
          : startedAt + maximumAge * randomBetween(refreshFraction),
      refreshPause: refreshPauseOf(maximumAge),
    };
    if (this.#stopped) return known;
    this.#recentlyValid.add(key);
    // If a refresh extends the entry only slightly, the old entry stays and the refresh is retried.
    const before = this.#valid.get(key, now);
    if (before === undefined || known.freshUntil > before.freshUntil + before.refreshPause)
      this.#valid.set(key, known);
    return known;
  }
}
