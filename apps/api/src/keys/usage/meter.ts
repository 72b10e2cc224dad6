import type { Tier } from '@andamio/schema/tiers';
import { secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import { monthOf, utcDayOf } from './calendar.ts';
import { type ExhaustedQuota, exhaustedBy } from './quota.ts';
import type { UsageStore, UsageTotals } from './store.ts';
import { WaitingUsage } from './waiting-usage.ts';

/** How long what was counted may wait before it is stored, in milliseconds: what a killed process loses at most. */
export const usageInterval = 5_000;

/** Of how many owners the totals are known; of those that were not seen for longest they are read again. */
const knownOwners = 10_000;

/** How many additions are under way at a time. */
const parallelAdditions = 50;

const millisecondsPerDay = 1000 * secondsPerDay;

const nothing: ReadonlyMap<string, number> = new Map();

/** What the store said of an owner's totals. */
interface Known {
  /** The UTC day that the totals are of. */
  readonly day: string;
  readonly totals: UsageTotals;
  /** When it was said, milliseconds of the monotonic clock. */
  readonly at: number;
}

export interface UsageMeterOptions {
  readonly store: UsageStore;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicNow: () => number;
  /** Is told why usage cannot be stored or read, once until it can be again. */
  readonly warn: (error: unknown) => void;
}

/**
 * Counts requests in memory, stores them every few seconds, and knows by what the store answered and by what was counted since whether
 * an owner has anything left of its quotas.
 *
 * Other instances count as well. How far a quota is passed is bounded by what each lets through within one interval; the same
 * holds for an owner that was not seen before, whose totals are still being read.
 */
export class UsageMeter {
  readonly #options: UsageMeterOptions;
  readonly #waiting = new WaitingUsage();
  readonly #known = new LRUCache<string, Known>({ max: knownOwners });
  readonly #reading = new Set<string>();
  #flushing: Promise<void> | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #warned = false;
  /** Written out once: each request asks for it. */
  #day = { number: Number.NaN, name: '' };

  constructor(options: UsageMeterOptions) {
    this.#options = options;
  }

  /** Says whether an owner of this tier has used up a quota, as far as is known here. */
  exhaustedQuota(userId: string, tier: Tier): ExhaustedQuota | undefined {
    const today = this.#today();
    const known = this.#known.get(userId);
    const exhausted = exhaustedBy(this.#used(userId, known, today), tier, today);
    const isSettled = known?.day === today && exhausted === undefined;
    const isFresh = known !== undefined && this.#options.monotonicNow() - known.at < usageInterval;
    if (!isSettled && !isFresh) this.#read(userId, today);
    return exhausted;
  }

  /** Counts requests that were answered well. */
  count(userId: string, name: string, requests = 1): void {
    if (this.#waiting.add(userId, this.#today(), name, requests)) this.#arm();
    else this.#warn(new Error('There is no room for more usage that waits to be stored: requests are not counted.'));
  }

  /**
   * Begins to store what waits if that is overdue. For each request to call: where the processor is throttled between requests,
   * timers alone come late.
   */
  flushWhenDue(): void {
    if (this.#timer !== undefined && this.#flushing === undefined && this.#untilDue() === 0) void this.flush();
  }

  /** Stores what waits. What cannot be stored goes on waiting; never rejects. */
  flush(): Promise<void> {
    const flushing = (this.#flushing ?? Promise.resolve()).then(async () => {
      await this.#sendAll();
      if (this.#flushing === flushing) this.#flushing = undefined;
    });
    this.#flushing = flushing;
    return flushing;
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

  /** Reads an owner's totals, unless they are being read. What an addition answers meanwhile is newer. */
  #read(userId: string, day: string): void {
    if (this.#reading.has(userId)) return;
    this.#reading.add(userId);
    const before = this.#known.peek(userId);
    const learn = (totals: UsageTotals, of: string) => {
      if (this.#known.peek(userId) === before) this.#learn(userId, of, totals);
    };
    this.#options.store
      .addUsage({ userId, day, attempt: '', counts: nothing })
      .then(
        (totals) => learn(totals, day),
        (error: unknown) => {
          this.#warn(error);
          learn(before?.totals ?? { day: 0, month: 0 }, before?.day ?? ''); // Not asked for again before the interval is over.
        },
      )
      .finally(() => this.#reading.delete(userId));
  }

  async #sendAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = this.#options.monotonicNow();
    const owners = this.#waiting.owners().values();
    const failures: unknown[] = [];
    const sendInTurn = async () => {
      for (const userId of owners) await this.#send(userId).catch((error: unknown) => failures.push(error));
    };
    await Promise.all(Array.from({ length: parallelAdditions }, sendInTurn));
    if (failures.length > 0) this.#warn(failures[0]);
    else this.#warned = false;
    if (!this.#waiting.isEmpty) this.#arm();
  }

  async #send(userId: string): Promise<void> {
    for (const batch of this.#waiting.of(userId)) {
      batch.isClosed = true;
      const totals = await this.#options.store.addUsage(batch);
      this.#waiting.remove(batch);
      const known = this.#known.peek(userId);
      if (known === undefined || known.day <= batch.day) this.#learn(userId, batch.day, totals);
    }
  }

  #warn(error: unknown): void {
    if (!this.#warned) this.#options.warn(error);
    this.#warned = true;
  }
}
