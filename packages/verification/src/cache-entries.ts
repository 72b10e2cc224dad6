import { LRUCache } from 'lru-cache';
import type { VerifiableKey } from './verifiable-key.ts';

/** The result of reading a key from the store. */
export interface CacheEntry<Found> {
  /** The stored key, or undefined if the store has no such key. */
  readonly found: Found | undefined;
  /**
   * Time at which the read started, in milliseconds of the monotonic clock. The entry's age counts
   * from this time.
   */
  readonly startedAt: number;
}

/**
 * Holds the most recently used cache entries. Finds entries by key id, and deletes them by key id
 * or by owner.
 */
export class CacheEntries<Found extends VerifiableKey> {
  readonly #byId: LRUCache<string, CacheEntry<Found>>;
  readonly #idsOf = new Map<string, Set<string>>();

  /** @param maximum maximum number of entries. */
  constructor(maximum: number) {
    this.#byId = new LRUCache({
      max: maximum,
      dispose: (entry, id) => this.#removeFromOwner(entry, id),
    });
  }

  get(id: string): CacheEntry<Found> | undefined {
    return this.#byId.get(id);
  }

  set(id: string, entry: CacheEntry<Found>): void {
    this.#byId.set(id, entry);
    const owner = entry.found?.record.userId;
    if (owner === undefined) return;
    const ids = this.#idsOf.get(owner);
    if (ids === undefined) this.#idsOf.set(owner, new Set([id]));
    else ids.add(id);
  }

  delete(id: string): void {
    this.#byId.delete(id);
  }

  deleteOwner(userId: string): void {
    for (const id of [...(this.#idsOf.get(userId) ?? [])]) this.#byId.delete(id);
  }

  #removeFromOwner({ found }: CacheEntry<Found>, id: string): void {
    if (found === undefined) return;
    const ids = this.#idsOf.get(found.record.userId);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOf.delete(found.record.userId);
  }
}
