import { CacheEntries, type CacheEntry } from './cache-entries.ts';
import type { KeyId, KeyIds } from './digest.ts';
import { PendingRead } from './pending-read.ts';
import type { FindKey, VerifiableKey } from './verifiable-key.ts';

/** Maximum number of cached valid keys. */
export const maximumValidEntries = 10_000;
/** Maximum number of cached ids under which no valid key is stored. */
const maximumRefusedEntries = 1_000;
/**
 * Milliseconds for which a refusal is cached. During this time, a key can still be rejected after
 * another instance has issued or extended it.
 */
const refusedAge = 1_000;

/**
 * Fraction of `maximumAge` after which a requested entry is refreshed in the background. Requests
 * then do not wait for the store, and every `verify` response can be cached for some time. A guard
 * refreshes its entry for a key a little later than the service, so that the guard gets the
 * refreshed result.
 */
export const refreshAfter = 0.6;
/** Milliseconds before a failed refresh is retried. */
const refreshPause = 1_000;

/** The error for a read that took longer than `maximumAge`. */
export class StaleReadError extends Error {
  override readonly name = 'StaleReadError';
}

export interface KeyCacheOptions<Found extends VerifiableKey> {
  readonly find: FindKey<Found>;
  /** Reports whether a key is currently valid. An invalid key is cached like an unknown id. */
  readonly isValid: (found: Found) => boolean;
  /** Maximum age of a cached result in milliseconds. */
  readonly maximumAge: number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
}

/**
 * Caches the store's result for each key id. The cache contains no API keys.
 *
 * Refusals have a separate small cache, so that a flood of random keys neither exhausts memory nor
 * evicts valid keys. Concurrent requests for the same key share one read. Failed reads are not
 * cached.
 */
export class KeyCache<Found extends VerifiableKey> {
  readonly #options: KeyCacheOptions<Found>;
  readonly #valid = new CacheEntries<Found>(maximumValidEntries);
  readonly #refused = new CacheEntries<Found>(maximumRefusedEntries);
  /**
   * Maps each id to the last started pending read that includes it. Invalidating an id removes the
   * read. Later calls then cannot join the read, and its result is not cached.
   */
  readonly #reads = new Map<string, PendingRead<Found>>();
  /**
   * Maps an entry to the earliest time of its next refresh, in milliseconds of the monotonic clock.
   * The time is set when a refresh starts, so that a failed refresh is not retried immediately.
   */
  readonly #nextRefreshAt = new WeakMap<CacheEntry<Found>, number>();
  /** Number of calls to {@link KeyCache.invalidateOwner} so far. */
  #invalidations = 0;

  constructor(options: KeyCacheOptions<Found>) {
    this.#options = options;
  }

  /** Returns the cached entry for an id, or undefined if no entry may still be used. */
  get(id: KeyId): CacheEntry<Found> | undefined {
    const { isValid, maximumAge } = this.#options;
    const valid = this.#valid.get(id);
    if (valid !== undefined) {
      if (this.#isWithin(maximumAge, valid) && isValid(valid.found as Found)) return valid;
      this.#valid.delete(id);
    }
    const refused = this.#refused.get(id);
    return refused !== undefined && this.#isWithin(Math.min(refusedAge, maximumAge), refused)
      ? refused
      : undefined;
  }

  /**
   * Reports whether the entry of a valid key should be refreshed: it is older than
   * {@link refreshAfter} of `maximumAge`, its key is not being read, and no refresh has started in
   * the last second.
   */
  isDue(entry: CacheEntry<Found>): boolean {
    const { maximumAge, monotonicNow } = this.#options;
    if (this.#isWithin(maximumAge * refreshAfter, entry)) return false;
    if (entry.found === undefined || this.#reads.has(entry.found.record.id)) return false;
    return monotonicNow() >= (this.#nextRefreshAt.get(entry) ?? 0);
  }

  /**
   * Reads a key from the store, or joins a pending read of the same key.
   *
   * @param ids ids of one key, one for each pepper. A refusal is cached under the first id.
   * @throws {StaleReadError} if the read takes longer than `maximumAge`.
   * @throws the same errors as `find`.
   */
  async read(ids: KeyIds): Promise<CacheEntry<Found>> {
    const { maximumAge } = this.#options;
    const pending = this.#reads.get(ids[0]);
    const invalidationsBefore = this.#invalidations;
    const isJoined = pending?.isComplete && this.#isWithin(maximumAge, pending);
    const read = isJoined ? pending : this.#startRead(ids, true);
    const entry = await read.entry;
    // This call joined a read that had started before the owner was invalidated. A new read starts
    // after the invalidation and returns current data.
    if (read.mayPredate(entry, invalidationsBefore)) return this.read(ids);
    if (!this.#isWithin(maximumAge, entry)) throw new StaleReadError('The key store was too slow.');
    return entry;
  }

  /**
   * Reads the key of a valid entry again. The result replaces the entry. After a failure, the entry
   * is not due for another refresh before a second has passed.
   *
   * A key that is cached under its first id is read under this id alone, which saves reads while
   * several peppers are configured. If it is no longer stored there, another instance may have
   * rehashed it, so it is read under all of its ids.
   *
   * @param ids ids of the key, as for {@link KeyCache.read}.
   * @throws the same errors as {@link KeyCache.read}.
   */
  async refresh(entry: CacheEntry<Found>, ids: KeyIds): Promise<CacheEntry<Found>> {
    this.#nextRefreshAt.set(entry, this.#options.monotonicNow() + refreshPause);
    const [first, ...others] = ids;
    if (others.length > 0 && entry.found?.record.id === first) {
      const again = await this.#startRead([first], false).entry;
      if (again.found !== undefined) return again;
    }
    return this.read(ids);
  }

  /**
   * Removes the entries for the given ids from the cache. Later calls read these ids from the store
   * again, and do not join a pending read.
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
   * Removes all keys of an owner from the cache. A pending read may also be for a key of this
   * owner. The owner is known only when the read ends, so the result is checked at that time.
   */
  invalidateOwner(userId: string): void {
    this.#valid.deleteOwner(userId);
    this.#refused.deleteOwner(userId);
    this.#invalidations++;
    for (const read of this.#reads.values()) read.noteInvalidation(userId, this.#invalidations);
  }

  #startRead(ids: KeyIds, isComplete: boolean): PendingRead<Found> {
    const { find, monotonicNow } = this.#options;
    const read = new PendingRead({ ids, isComplete, startedAt: monotonicNow(), found: find(ids) });
    for (const id of ids) this.#reads.set(id, read);
    read.entry.then(
      (entry) => {
        if (this.#reads.get(ids[0]) === read && !read.mayPredate(entry, this.#invalidations))
          this.#save(read, entry);
        this.#removeRead(read);
      },
      () => this.#removeRead(read), // The callers of `read` and `refresh` receive the error.
    );
    return read;
  }

  #removeRead(read: PendingRead<Found>): void {
    for (const id of read.ids) if (this.#reads.get(id) === read) this.#reads.delete(id);
  }

  #save({ ids, isComplete }: PendingRead<Found>, entry: CacheEntry<Found>): void {
    const { found } = entry;
    if (found === undefined && !isComplete) return;
    // A rehashed key may still be cached under its previous id.
    for (const id of ids) this.#valid.delete(id);
    if (found !== undefined && this.#options.isValid(found))
      this.#valid.set(found.record.id, entry);
    else this.#refused.set(ids[0], entry);
  }

  #isWithin(age: number, { startedAt }: { readonly startedAt: number }): boolean {
    return this.#options.monotonicNow() - startedAt < age;
  }
}
