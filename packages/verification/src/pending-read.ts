import type { CacheEntry } from './cache-entries.ts';
import type { FoundKey } from './found-key.ts';

/** A read of the store that has not ended yet. */
export class PendingRead<Found extends FoundKey> {
  readonly ids: readonly [string, ...string[]];
  /** Start of the read in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly entry: Promise<CacheEntry<Found>>;
  /**
   * The owners that were invalidated since the read started, with the number of their latest
   * invalidation.
   */
  readonly #invalidations = new Map<string, number>();

  constructor(ids: readonly [string, ...string[]], startedAt: number, found: Promise<Found | undefined>) {
    this.ids = ids;
    this.startedAt = startedAt;
    this.entry = found.then((value) => ({ found: value, startedAt }));
  }

  /** Records that the read may have seen an owner's keys as they were before an invalidation. */
  noteInvalidation(userId: string, invalidation: number): void {
    this.#invalidations.set(userId, invalidation);
  }

  /** Reports whether the result may predate one of the owner's invalidations up to the given number. */
  mayPredate({ found }: CacheEntry<Found>, invalidation: number): boolean {
    const noted = found && this.#invalidations.get(found.record.userId);
    return noted !== undefined && noted <= invalidation;
  }
}
