import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Pepper } from '@andamio/schema/settings';

/**
 * An HMAC key for digesting API keys. It is derived from a pepper but does not reveal the pepper.
 */
export interface DigestKey {
  /** Version of the pepper, which matches `[a-z0-9]{1,16}`. */
  readonly version: string;
  /** The derived HMAC key, 32 bytes. */
  readonly subkey: Uint8Array;
}

declare const keyIdBrand: unique symbol;

/**
 * A key id: the digest of a key in hexadecimal, under which the key is stored. The brand keeps a key
 * itself from being passed as an id, which would then be stored or logged.
 */
export type KeyId = string & { readonly [keyIdBrand]: true };

/** The ids of one key, one for each configured pepper. The first is under the current pepper. */
export type KeyIds = readonly [KeyId, ...KeyId[]];

/** Reports whether text has the format of a key id. */
export const isKeyId = (text: string): text is KeyId => /^[0-9a-f]{64}$/.test(text);

export interface Digester {
  readonly pepperVersion: string;
  /**
   * Returns the id of a key: its HMAC-SHA256 in hexadecimal. Without the pepper, nobody can compute
   * the id or check whether it belongs to a given key.
   */
  digest(key: string): KeyId;
}

/**
 * Derives a digest key from a pepper with HKDF-SHA256 (RFC 5869). A service that only verifies keys
 * needs the digest key, not the pepper.
 */
export function digestKeyOf({ version, secret }: Pepper): DigestKey {
  return {
    version,
    subkey: new Uint8Array(hkdfSync('sha256', secret, '', 'andamio-api/key-digest/v1', 32)),
  };
}

/** Creates a digester from a digest key. */
export function createDigester({ version, subkey }: DigestKey): Digester {
  // Importing the HMAC key once is faster. Given raw bytes, createHmac would import them for each
  // digest.
  const secret = createSecretKey(subkey);
  return {
    pepperVersion: version,
    digest: (key) => createHmac('sha256', secret).update(key).digest('hex') as KeyId,
  };
}

/** Returns the ids under which a key may be stored: its digest under each pepper. */
export function idsOf(digesters: readonly Digester[], key: string): KeyId[] {
  return digesters.map(({ digest }) => digest(key));
}
