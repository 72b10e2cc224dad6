import type { LogEvent } from '@andamio/schema/log-events';
import type { Tier } from '@andamio/schema/tiers';
import { secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import { StoreUnavailableError } from '../store.ts';
import { monthOf, utcDayOf } from './calendar.ts';
import { type ExhaustedQuota, exhaustedBy } from './quota.ts';
import { AdditionForgottenError, type UsageStore, type UsageTotals } from './store.ts';
import { type UsageFailure, UsageWarnings } from './usage-warnings.ts';
import { type Batch, WaitingUsage } from './waiting-usage.ts';

/**
 * Interval at which counted usage is stored, in milliseconds. A killed process loses at most the
 * usage of one interval.
 */
export const usageInterval = 5_000;

/**
 * Maximum number of owners whose totals are cached. The totals of an evicted owner are read again.
 * A full cache takes about 40 MB.
 */
export const knownOwners = 100_000;

/**
 * Maximum number of concurrent additions to the stored usage. A store can send many additions in
 * one call.
 */
const parallelAdditions = 500;

const millisecondsPerDay = 1000 * secondsPerDay;
const millisecondsPerMinute = 60_000;

/** An owner's totals, as the store last returned them. */
interface Known {
  /** The UTC day of the totals. */
  readonly day: string;
  readonly totals: UsageTotals;
  /** Time at which the store returned the totals, in milliseconds of the monotonic clock. */
  readonly at: number;
}

export interface UsageMeterOptions {
  readonly store: UsageStore;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /** Reports why usage is not stored or read, under an event of the log. */
  readonly warn: (error: unknown, event: LogEvent) => void;
}

/**
 * Counts verified requests in memory and stores the counts every few seconds. Checks quotas against
 * the totals that the store returned plus the requests counted since.
 *
 * Other instances count as well, so a quota can be exceeded by what each instance allows within one
 * interval. A quota can also be exceeded while the totals of a new owner are being read.
 */
export class UsageMeter {
  readonly #options: UsageMeterOptions;
  readonly #waiting: WaitingUsage;
  // With `max`, the cache would allocate space for all owners at once, which delays the start.
  readonly #known = new LRUCache<string, Known>({
    maxSize: knownOwners,
    sizeCalculation: () => 1,
  });
  readonly #reading = new Set<string>();
  #flushing: Promise<void> | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  readonly #warnings: UsageWarnings;
  /** The current day, cached because every request needs it. */
  #day = { number: Number.NaN, name: '' };

  constructor(options: UsageMeterOptions) {
    this.#options = options;
    this.#warnings = new UsageWarnings(options.warn);
    this.#waiting = new WaitingUsage(options.now);
  }

  /**
   * Returns the quota that an owner has used up. Undefined if, as far as this instance knows, no
   * quota is used up.
   */
  exhaustedQuota(userId: string, tier: Tier): ExhaustedQuota | undefined {
    const today = this.#today();
    const known = this.#known.get(userId);
    const exhausted = exhaustedBy(this.#used(userId, known, today), tier, today);
    const isSettled = known?.day === today && exhausted === undefined;
    const isFresh = known !== undefined && this.#options.monotonicNow() - known.at < usageInterval;
    if (!isSettled && !isFresh) this.#read(userId, today);
    return exhausted;
  }

  /**
   * Adds verified requests of a key to the unreported usage.
   *
   * @param serial the serial of the secret that was used. Its last use is stored as well.
   */
  count(userId: string, name: string, requests = 1, serial?: string): void {
    const use =
      serial === undefined
        ? undefined
        : { serial, minute: Math.floor(this.#options.now() / millisecondsPerMinute) };
    if (this.#waiting.add(userId, this.#today(), name, requests, use)) this.#arm();
    else this.#warnings.notCounted(requests);
  }

  /**
   * Starts to store the unreported usage if that is overdue. Called for each request, because
   * timers fire late where the processor is throttled between requests.
   */
  flushWhenDue(): void {
    if (this.#timer !== undefined && this.#flushing === undefined && this.#untilDue() === 0)
      void this.flush();
  }

  /**
   * Stores the unreported usage. Usage that cannot be stored is kept and sent again later. Never
   * rejects.
   */
  flush(): Promise<void> {
    const flushing = (this.#flushing ?? Promise.resolve()).then(async () => {
      await this.#sendAll();
      if (this.#flushing === flushing) this.#flushing = undefined;
    });
    this.#flushing = flushing;
    return flushing;
  }

  /** Reports the unreported usage as lost, if there is any. Called right before the process exits. */
  reportUnstored(): void {
    if (!this.#waiting.isEmpty) this.#warnings.notStored(this.#waiting.requests);
  }

  #today(): string {
    const now = this.#options.now();
    const day = Math.floor(now / millisecondsPerDay);
    if (day !== this.#day.number) this.#day = { number: day, name: utcDayOf(now) };
    return this.#day.name;
  }

  #untilDue(): number {
    return Math.max(0, this.#flushedAt + usageInterval - this.#options.monotonicNow());
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => void this.flush(), this.#untilDue()).unref();
  }

  #used(userId: string, known: Known | undefined, today: string): UsageTotals {
    const waiting = this.#waiting.totalsOf(userId, today);
    const isOfMonth = known !== undefined && monthOf(known.day) === monthOf(today);
    return {
      day: waiting.day + (known?.day === today ? known.totals.day : 0),
      month: waiting.month + (isOfMonth ? known.totals.month : 0),
    };
  }

  #learn(userId: string, day: string, totals: UsageTotals): void {
    this.#known.set(userId, { day, totals, at: this.#options.monotonicNow() });
  }

  /**
   * Reads an owner's totals, unless a read is in progress. Totals that an addition returns during
   * the read are newer, so they replace the result of the read.
   */
  #read(userId: string, day: string): void {
    if (this.#reading.has(userId)) return;
    this.#reading.add(userId);
    const before = this.#known.peek(userId);
    const learn = (totals: UsageTotals, of: string) => {
      if (this.#known.peek(userId) === before) this.#learn(userId, of, totals);
    };
    this.#options.store
      .readTotals(userId, day)
      .then(
        (totals) => learn(totals, day),
        (error: unknown) => {
          this.#warnings.failed({ userId, error });
          // Prevents another read within this interval.
          learn(before?.totals ?? { day: 0, month: 0 }, before?.day ?? '');
        },
      )
      .finally(() => this.#reading.delete(userId));
  }

  async #sendAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = this.#options.monotonicNow();
    const owners = this.#waiting.owners();
    const left = owners.values();
    const failures: UsageFailure[] = [];
    const sendInTurn = async () => {
      for (const userId of left)
        await this.#send(userId).catch((error: unknown) => failures.push({ userId, error }));
    };
    await Promise.all(Array.from({ length: parallelAdditions }, sendInTurn));
    this.#warnings.attempted(failures, owners.length);
    if (!this.#waiting.isFull) this.#warnings.memoryFree();
    if (!this.#waiting.isEmpty) this.#arm();
  }

  /**
   * Sends an owner's batches of unreported usage to the store, in order. The next batch is sent
   * only after the outcome of the previous batch is known, or the store has forgotten the previous
   * batch. The store relies on this order to tell from an addition's number whether the addition
   * was made.
   */
  async #send(userId: string): Promise<void> {
    for (const batch of this.#waiting.of(userId)) {
      const totals = await this.#add(batch);
      this.#waiting.remove(batch);
      const known = this.#known.peek(userId);
      if (known === undefined || known.day <= batch.day) this.#learn(userId, batch.day, totals);
    }
  }

  async #add(batch: Batch): Promise<UsageTotals> {
    batch.isClosed = true;
    try {
      return await this.#options.store.addUsage(batch);
    } catch (error) {
      // Losing requests that may have been counted is better than counting them twice.
      if (error instanceof AdditionForgottenError) this.#waiting.remove(batch);
      else if (!(error instanceof StoreUnavailableError)) batch.isRepeated = true;
      throw error;
    }
  }
}
