import type { CacheEntry } from './cache-entries.ts';
import type { FoundKey } from './found-key.ts';

/** A read of the store that is not complete, with the owners that were invalidated meanwhile. */
export class PendingRead<Found extends FoundKey> {
  readonly ids: readonly [string, ...string[]];
  /** Time at which the read started, in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly entry: Promise<CacheEntry<Found>>;
  /**
   * The owners that were invalidated during the read, each with the sequence number of their first
   * invalidation in that time.
   */
  readonly #invalidations = new Map<string, number>();

  constructor(
    ids: readonly [string, ...string[]],
    startedAt: number,
    found: Promise<Found | undefined>,
  ) {
    this.ids = ids;
    this.startedAt = startedAt;
    this.entry = found.then((value) => ({ found: value, startedAt }));
  }

  /**
   * Records that an owner was invalidated while the read was pending. The read may therefore return
   * outdated data of this owner.
   */
  noteInvalidation(userId: string, invalidation: number): void {
    if (!this.#invalidations.has(userId)) this.#invalidations.set(userId, invalidation);
  }

  /**
   * Reports whether the result may be outdated because its owner was invalidated during the read.
   * Ignores an invalidation with a number above the given one.
   */
  mayPredate({ found }: CacheEntry<Found>, invalidation: number): boolean {
    const noted = found && this.#invalidations.get(found.record.userId);
    return noted !== undefined && noted <= invalidation;
  }
}
