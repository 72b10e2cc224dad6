import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Pepper } from '@andamio/schema/settings';

/** An HMAC key for digesting API keys, derived from a pepper that it does not reveal. */
export interface DigestKey {
  /** The version of the pepper: `[a-z0-9]{1,16}`. */
  readonly version: string;
  /** The derived key, 32 bytes. */
  readonly subkey: Uint8Array;
}

/** Digests API keys under one pepper. */
export interface Digester {
  readonly pepperVersion: string;
  /**
   * Returns the id of a key: its HMAC-SHA256 in hex. Without the pepper, the id can neither be
   * computed nor confirmed.
   */
  digest(key: string): string;
}

/**
 * Derives a digest key from a pepper (HKDF-SHA256, RFC 5869), so that a service that only verifies
 * keys never needs the pepper itself.
 */
export function digestKeyOf({ version, secret }: Pepper): DigestKey {
  return { version, subkey: new Uint8Array(hkdfSync('sha256', secret, '', 'andamio-api/key-digest/v1', 32)) };
}

/** Creates a digester from a derived key. */
export function createDigester({ version, subkey }: DigestKey): Digester {
  // A key object is created once. Given raw bytes, createHmac would create one for each digest.
  const secret = createSecretKey(subkey);
  return {
    pepperVersion: version,
    digest: (key) => createHmac('sha256', secret).update(key).digest('hex'),
  };
}
