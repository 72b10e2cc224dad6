import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Pepper } from '@andamio/schema/settings';

/** Digests keys under one pepper. */
export interface Digester {
  readonly pepperVersion: string;
  /** The id of a key: HMAC-SHA256, hex. Whoever lacks the pepper can neither compute nor confirm it. */
  digest(key: string): string;
}

/**
 * Makes a digester of a pepper. The HMAC key is derived from it (HKDF-SHA256, RFC 5869), so that a service that only checks
 * keys can be given the derived key and never the pepper.
 */
export function createDigester(pepper: Pepper): Digester {
  const derived = hkdfSync('sha256', pepper.secret, '', 'andamio-api/key-digest/v1', 32);
  const subkey = createSecretKey(Buffer.from(derived)); // Raw bytes would be made into one at each digest.
  return {
    pepperVersion: pepper.version,
    digest: (key) => createHmac('sha256', subkey).update(key).digest('hex'),
  };
}
