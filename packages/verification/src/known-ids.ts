import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/**
 * Under which ids keys turned out good, so that a key that is seen again is not digested anew: the HMAC under each pepper costs more
 * than all else that a known key takes. Kept by the keys' SHA-256, which of 202 unpredictable bits tells nobody anything.
 */
export class KnownIds {
  readonly #ids: LRUCache<string, string>;

  /** @param maximum how many are kept. */
  constructor(maximum: number) {
    this.#ids = new LRUCache({ max: maximum });
  }

  get(key: string): string | undefined {
    return this.#ids.get(fingerprint(key));
  }

  delete(key: string): void {
    this.#ids.delete(fingerprint(key));
  }

  set(key: string, id: string): void {
    this.#ids.set(fingerprint(key), id);
  }
}

function fingerprint(key: string): string {
  return hash('sha256', key, 'base64url');
}
