import type { CacheEntry } from './cache-entries.ts';
import type { KeyIds } from './digest.ts';
import type { VerifiableKey } from './verifiable-key.ts';

export interface PendingReadOptions<Found extends VerifiableKey> {
  readonly ids: KeyIds;
  readonly isComplete: boolean;
  readonly startedAt: number;
  readonly found: Promise<Found | undefined>;
}

/** A read of the store that has not ended, with the owners that were invalidated meanwhile. */
export class PendingRead<Found extends VerifiableKey> {
  readonly ids: KeyIds;
  /** Whether the read includes all ids of its key. Otherwise, it cannot tell that there is no key. */
  readonly isComplete: boolean;
  /** Time at which the read started, in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly entry: Promise<CacheEntry<Found>>;
  /**
   * The owners that were invalidated during the read, each with the sequence number of their first
   * invalidation in that time.
   */
  readonly #invalidations = new Map<string, number>();

  constructor({ ids, isComplete, startedAt, found }: PendingReadOptions<Found>) {
    this.ids = ids;
    this.isComplete = isComplete;
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
