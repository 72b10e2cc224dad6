import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Maximum number of keys. */
const maximumKeys = 10_000;

/**
 * Keys that were valid when last verified, however long ago. Only SHA-256 digests are stored, so
 * that a key itself is in memory only while it is looked up, while its answer is cached, and until
 * its usage is reported (`Ledger`). Nobody can find a key with 202 bits of randomness from its
 * digest.
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
