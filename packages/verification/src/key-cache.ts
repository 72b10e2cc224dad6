import { CacheEntries, type CacheEntry } from './cache-entries.ts';
import type { FindKey, FoundKey } from './found-key.ts';
import { PendingRead } from './pending-read.ts';

/** Largest number of cached valid keys. */
export const maximumValidEntries = 10_000;
/** Largest number of cached ids without a valid key. */
const maximumRefusedEntries = 1_000;
/**
 * Milliseconds for which a refusal is cached. A key that another instance issued or extended works
 * afterwards.
 */
const refusedAge = 1_000;

/**
 * Fraction of `maximumAge` after which an entry in use is refreshed in the background. Requests
 * then do not wait for the store, and `verify` never answers with no time left to cache.
 */
const refreshAfter = 0.8;
/** Milliseconds before a failed refresh is retried. */
const refreshPause = 1_000;

/** The store took longer to respond than `maximumAge` allows. */
export class StaleReadError extends Error {
  override readonly name = 'StaleReadError';
}

/** Options of a {@link KeyCache}. */
export interface KeyCacheOptions<Found extends FoundKey> {
  readonly find: FindKey<Found>;
  /** Reports whether a key is valid now. An invalid key is cached like an unknown id. */
  readonly isValid: (found: Found) => boolean;
  /** Largest age of a result, in milliseconds. */
  readonly maximumAge: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
}

/**
 * Caches for a bounded time what the store returned for a key id. Holds ids, never keys.
 *
 * Refusals have a small cache of their own: a flood of random keys neither grows memory nor evicts
 * valid keys. Concurrent reads of one key share a single read. Failed reads are not cached.
 */
export class KeyCache<Found extends FoundKey> {
  readonly #options: KeyCacheOptions<Found>;
  readonly #valid = new CacheEntries<Found>(maximumValidEntries);
  readonly #refused = new CacheEntries<Found>(maximumRefusedEntries);
  /**
   * Pending reads under each of their ids. A read that is no longer listed must not be joined, and
   * its result must not be cached.
   */
  readonly #reads = new Map<string, PendingRead<Found>>();
  /** The earliest time of the next refresh, for entries whose refresh has not succeeded yet. */
  readonly #nextRefreshAt = new WeakMap<CacheEntry<Found>, number>();
  /** Number of owner invalidations so far. */
  #invalidations = 0;

  constructor(options: KeyCacheOptions<Found>) {
    this.#options = options;
  }

  /**
   * Returns the cached entry of an id, never older than `maximumAge`. Refreshes an entry that is
   * close to that age in the background.
   */
  get(id: string): CacheEntry<Found> | undefined {
    const { isValid, maximumAge } = this.#options;
    const valid = this.#valid.get(id);
    if (valid !== undefined) {
      if (this.#isWithin(maximumAge, valid) && isValid(valid.found as Found)) {
        if (!this.#isWithin(maximumAge * refreshAfter, valid)) this.#refresh(id, valid);
        return valid;
      }
      this.#valid.delete(id);
    }
    const refused = this.#refused.get(id);
    return refused !== undefined && this.#isWithin(Math.min(refusedAge, maximumAge), refused) ? refused : undefined;
  }

  /**
   * Reads a key from the store, or joins a pending read of it.
   *
   * @param ids digests of one key. A refusal is cached under the first.
   * @throws {StaleReadError} and the errors of `find`.
   */
  async read(ids: readonly [string, ...string[]]): Promise<CacheEntry<Found>> {
    const { maximumAge } = this.#options;
    const pending = this.#reads.get(ids[0]);
    const invalidationsBefore = this.#invalidations;
    const read = pending !== undefined && this.#isWithin(maximumAge, pending) ? pending : this.#startRead(ids);
    const entry = await read.entry;
    // The read started before its owner was invalidated, but was joined after. A new read cannot
    // predate the invalidation.
    if (read.mayPredate(entry, invalidationsBefore)) return this.read(ids);
    if (!this.#isWithin(maximumAge, entry)) throw new StaleReadError('The key store was too slow.');
    return entry;
  }

  /**
   * Removes ids from the cache. Later calls read the store again, even if a read of them is
   * pending.
   */
  invalidate(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#valid.delete(id);
      this.#refused.delete(id);
      const read = this.#reads.get(id);
      if (read !== undefined) this.#removeRead(read);
    }
  }

  /**
   * Removes all keys of an owner from the cache. The owner of a pending read is known only when it
   * ends, so its result is checked then.
   */
  invalidateOwner(userId: string): void {
    this.#valid.deleteOwner(userId);
    this.#refused.deleteOwner(userId);
    this.#invalidations++;
    for (const read of this.#reads.values()) read.noteInvalidation(userId, this.#invalidations);
  }

  #refresh(id: string, entry: CacheEntry<Found>): void {
    const now = this.#options.monotonicNow();
    if (this.#reads.has(id) || now < (this.#nextRefreshAt.get(entry) ?? 0)) return;
    this.#nextRefreshAt.set(entry, now + refreshPause);
    this.#startRead([id]);
  }

  #startRead(ids: readonly [string, ...string[]]): PendingRead<Found> {
    const { find, monotonicNow } = this.#options;
    const read = new PendingRead(ids, monotonicNow(), find(ids));
    for (const id of ids) this.#reads.set(id, read);
    read.entry.then(
      (entry) => {
        if (this.#reads.get(ids[0]) === read && !read.mayPredate(entry, this.#invalidations)) this.#save(ids, entry);
        this.#removeRead(read);
      },
      () => this.#removeRead(read), // The callers that await the read handle its error.
    );
    return read;
  }

  #removeRead(read: PendingRead<Found>): void {
    for (const id of read.ids) if (this.#reads.get(id) === read) this.#reads.delete(id);
  }

  #save(ids: readonly [string, ...string[]], entry: CacheEntry<Found>): void {
    const { found } = entry;
    if (found !== undefined && this.#options.isValid(found)) {
      this.#valid.set(found.record.id, entry);
    } else {
      for (const id of ids) this.#valid.delete(id);
      this.#refused.set(ids[0], entry);
    }
  }

  #isWithin(age: number, { startedAt }: { readonly startedAt: number }): boolean {
    return this.#options.monotonicNow() - startedAt < age;
  }
}
