import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Largest number of keys. */
const maximumKeys = 10_000;

/**
 * The keys that were valid when last verified, however long ago. They are held as their SHA-256,
 * which does not reveal a key with 202 bits of randomness. The keys themselves are in memory only
 * while their answers are fresh.
 */
export class RecentlyValidKeys {
  readonly #fingerprints = new LRUCache<string, true>({ max: maximumKeys });

  has(key: string): boolean {
    return this.#fingerprints.has(fingerprint(key));
  }

  add(key: string): void {
    this.#fingerprints.set(fingerprint(key), true);
  }

  delete(key: string): void {
    this.#fingerprints.delete(fingerprint(key));
  }

  clear(): void {
    this.#fingerprints.clear();
  }
}

const fingerprint = (key: string) => hash('sha256', key, 'base64url');
