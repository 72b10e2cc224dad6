import { OutageWarning } from '../outage-warning.ts';
import { usageInterval } from './meter.ts';
import {
  AdditionForgottenError,
  type AddUsageCommand,
  forgottenAdditions,
  type UsageStore,
  type UsageTotals,
} from './store.ts';

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
  /** Reports the error when usage cannot be stored or read. Called once per outage. */
  readonly warn: (error: unknown) => void;
  /** Reports the error when requests are not counted, or may not be. */
  readonly warnOfLoss: (error: unknown) => void;
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
  readonly #outage: OutageWarning;

  constructor(options: SharedUsageStorerOptions) {
    this.#options = options;
    this.#outage = new OutageWarning(options.warn);
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
      .catch((error: unknown) => this.#outage.failed(error))
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
        const [failure] = await this.#storeAll([batch]);
        if (failure !== undefined) throw failure;
      }
    } catch (error) {
      this.#outage.failed(error);
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
      this.#outage.failed(error);
      return undefined;
    }
  }

  async #storeDue(): Promise<void> {
    const failures: unknown[] = [];
    let claimed = 0;
    for (;;) {
      const batches = await this.#options.shared.claimDue();
      const failed = await this.#storeAll(batches);
      failures.push(...failed);
      claimed += batches.length;
      // While the store fails, further claims would only delay the next attempt.
      if (failed.length === batches.length) break;
    }
    if (failures.length > 0) this.#outage.failed(failures[0]);
    else if (claimed > 0) this.#outage.succeeded();
  }

  /**
   * Stores batches of usage. Returns the errors of the batches that could not be stored. Those
   * batches can be claimed again later.
   */
  async #storeAll(batches: readonly ClaimedBatch[]): Promise<unknown[]> {
    const { store } = this.#options;
    const failures: unknown[] = [];
    const forgotten: unknown[] = [];
    const storeOne = async ({ addition, confirm }: ClaimedBatch) => {
      try {
        await confirm(await store.addUsage(addition));
      } catch (error) {
        const isForgotten = error instanceof AdditionForgottenError;
        (isForgotten ? forgotten : failures).push(error);
        if (isForgotten) await confirm(undefined);
      }
    };
    await Promise.all(batches.map(storeOne));
    if (forgotten.length > 0) this.#options.warnOfLoss(forgottenAdditions(forgotten));
    return failures;
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
