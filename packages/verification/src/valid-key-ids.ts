import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { KeyId } from './digest.ts';

/**
 * The ids of keys that were valid when last verified. The id of such a key need not be computed
 * again. This saves an HMAC under each pepper, which costs more than the rest of a verification.
 *
 * The keys themselves are not stored, only their SHA-256 digests. Nobody can find a key with 202
 * bits of randomness from its digest.
 */
export class ValidKeyIds {
  readonly #ids: LRUCache<string, KeyId>;

  /** @param maximum maximum number of ids. */
  constructor(maximum: number) {
    this.#ids = new LRUCache({ max: maximum });
  }

  get(key: string): KeyId | undefined {
    return this.#ids.get(fingerprint(key));
  }

  delete(key: string): void {
    this.#ids.delete(fingerprint(key));
  }

  set(key: string, id: KeyId): void {
    this.#ids.set(fingerprint(key), id);
  }
}

function fingerprint(key: string): string {
  return hash('sha256', key, 'base64url');
}
