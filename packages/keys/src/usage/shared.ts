import type { LogEvent } from '@andamio/schema/log-events';
import { usageInterval } from './meter.ts';
import {
  AdditionForgottenError,
  type AddUsageCommand,
  type UsageStore,
  type UsageTotals,
} from './store.ts';
import { type UsageFailure, UsageWarnings } from './usage-warnings.ts';

/**
 * Time, in milliseconds, from the first request of a batch of usage until the batch is due to be
 * stored.
 */
export const sharedUsageInterval = 60_000;

/** Time, in milliseconds, for which the totals of an owner without unstored usage are kept. */
export const sharedUsageRetention = 3_600_000;

/** A batch of usage that instances counted together, claimed to be stored. */
export interface ClaimedBatch {
  /**
   * What is added to the store. No more requests are added to it. It is always sent as a repeated
   * addition, because another instance may have sent it before.
   */
  readonly addition: AddUsageCommand & { readonly isRepeated: true };
  /**
   * Removes the batch after it was stored. Has no effect if it was already removed.
   *
   * @param totals the totals that the store returned. Undefined if the batch is abandoned because
   *   the store can no longer tell whether the batch was stored.
   */
  readonly confirm: (totals: UsageTotals | undefined) => Promise<void>;
}

/**
 * Usage that all instances count together, outside of the store. Each request belongs to one
 * numbered batch from the moment it is counted. An owner's batches are stored in the order of their
 * numbers, each by the instance that claimed it.
 *
 * While the shared counts are unreachable, no batches are returned and confirmations have no
 * effect.
 */
export interface SharedUsage {
  /**
   * Claims the oldest batch of each owner whose usage is due, up to a maximum number of owners. A
   * claim ends after a few seconds. Another instance can then claim the batch, since the first
   * instance may have been killed.
   */
  claimDue(): Promise<readonly ClaimedBatch[]>;
  /**
   * Claims an owner's oldest batch of unstored usage. Takes over another instance's claim, so that
   * the caller need not wait for that instance. Returns undefined if all of the owner's unstored
   * usage is newer than {@link usageInterval}.
   */
  claimOf(userId: string): Promise<ClaimedBatch | undefined>;
}

export interface SharedUsageStorerOptions {
  readonly shared: SharedUsage;
  readonly store: UsageStore;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /** Reports why usage is not stored or read, under an event of the log. */
  readonly warn: (error: unknown, event: LogEvent) => void;
}

/**
 * Maximum number of an owner's batches of usage that are stored before the owner's usage is read.
 */
const batchesBeforeRead = 3;

/**
 * Stores the usage that instances count together. Every instance looks for due usage every few
 * seconds, including usage that an instance counted or claimed before it was killed.
 */
export class SharedUsageStorer {
  readonly #options: SharedUsageStorerOptions;
  #flushing: Promise<void> | undefined;
  #flushedAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #warnings: UsageWarnings;

  constructor(options: SharedUsageStorerOptions) {
    this.#options = options;
    this.#warnings = new UsageWarnings(options.warn);
    this.#flushedAt = options.monotonicNow();
    this.#timer = setInterval(() => void this.flush(), usageInterval).unref();
  }

  /**
   * Starts to store due usage if the last flush began at least one interval ago. Called for each
   * request, because timers fire late where the processor is throttled between requests.
   */
  flushWhenDue(): void {
    const { monotonicNow } = this.#options;
    if (monotonicNow() - this.#flushedAt >= usageInterval) void this.flush();
  }

  /** Stores the due usage of all owners. The interval begins again. Never rejects. */
  flush(): Promise<void> {
    this.#flushedAt = this.#options.monotonicNow();
    this.#timer.refresh();
    this.#flushing ??= this.#storeDue()
      .catch((error: unknown) => this.#warnings.outage(error))
      .finally(() => {
        this.#flushing = undefined;
      });
    return this.#flushing;
  }

  /** Stores an owner's usage that is older than an interval. Never rejects. */
  async flushOwner(userId: string): Promise<void> {
    try {
      for (let batches = 0; batches < batchesBeforeRead; batches++) {
        const batch = await this.#options.shared.claimOf(userId);
        if (batch === undefined) return;
        if ((await this.#storeAll([batch])) > 0) return;
      }
    } catch (error) {
      this.#warnings.outage(error);
    }
  }

  /**
   * Reads an owner's totals for a UTC day and its month from the store. Resolves to undefined if
   * they cannot be read.
   */
  async totalsOf(userId: string, day: string): Promise<UsageTotals | undefined> {
    try {
      return await this.#options.store.readTotals(userId, day);
    } catch (error) {
      this.#warnings.failed({ userId, error });
      return undefined;
    }
  }

  async #storeDue(): Promise<void> {
    for (;;) {
      const batches = await this.#options.shared.claimDue();
      // While the store fails, further claims would only delay the next attempt.
      if ((await this.#storeAll(batches)) === batches.length) return;
    }
  }

  /**
   * Stores batches of usage and reports failures. Returns the number of batches that were neither
   * stored nor given up. They can be claimed again later.
   */
  async #storeAll(batches: readonly ClaimedBatch[]): Promise<number> {
    const { store } = this.#options;
    const failures: UsageFailure[] = [];
    const storeOne = async ({ addition, confirm }: ClaimedBatch): Promise<boolean> => {
      try {
        await confirm(await store.addUsage(addition));
        return true;
      } catch (error) {
        failures.push({ userId: addition.userId, error });
        const isForgotten = error instanceof AdditionForgottenError;
        if (isForgotten) await confirm(undefined);
        return isForgotten;
      }
    };
    const removed = await Promise.all(batches.map(storeOne));
    this.#warnings.attempted(failures, batches.length);
    return removed.filter((isRemoved) => !isRemoved).length;
  }
}

/**
 * Returns a store that first stores an owner's shared usage whenever it reads the owner's usage.
 */
export function storingBeforeReads<Store extends UsageStore>(
  store: Store,
  storer: Pick<SharedUsageStorer, 'flushOwner'>,
): Store {
  return {
    ...store,
    async readTotals(userId, day) {
      await storer.flushOwner(userId);
      return store.readTotals(userId, day);
    },
    async readActivity(query) {
      await storer.flushOwner(query.userId);
      return store.readActivity(query);
    },
  };
}
