import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Pepper } from '@andamio/schema/settings';

/** What keys are digested under: derived from a pepper, which it does not reveal. */
export interface DigestKey {
  /** The version of the pepper, `[a-z0-9]{1,16}`. */
  readonly version: string;
  /** 32 bytes. */
  readonly subkey: Uint8Array;
}

/** Digests keys under one pepper. */
export interface Digester {
  readonly pepperVersion: string;
  /** The id of a key: HMAC-SHA256, hex. Whoever lacks the pepper can neither compute nor confirm it. */
  digest(key: string): string;
}

/**
 * Derives from a pepper what keys are digested under (HKDF-SHA256, RFC 5869), so that a service that only checks keys can be
 * given this and never the pepper.
 */
export function digestKeyOf({ version, secret }: Pepper): DigestKey {
  return { version, subkey: new Uint8Array(hkdfSync('sha256', secret, '', 'andamio-api/key-digest/v1', 32)) };
}

/** Makes a digester of a derived key. */
export function createDigester({ version, subkey }: DigestKey): Digester {
  const secret = createSecretKey(subkey); // Raw bytes would be made into one at each digest.
  return {
    pepperVersion: version,
    digest: (key) => createHmac('sha256', secret).update(key).digest('hex'),
  };
}
