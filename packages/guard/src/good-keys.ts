import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Keys that are remembered. */
const mostKeys = 10_000;

/**
 * The keys that were good when they were last verified, however long ago. Kept by their SHA-256, which of 202 unpredictable bits tells nobody
 * anything: the keys themselves are in memory only while their answers are fresh.
 */
export class GoodKeys {
  readonly #fingerprints = new LRUCache<string, true>({ max: mostKeys });

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
