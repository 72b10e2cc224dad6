import { randomUUID } from 'node:crypto';
import { keyStart, makeKey } from '@andamio/schema/key-format';
import type { Digester } from '@andamio/verification/digest';
import type { Attempt, DeriveKey } from './idempotency.ts';
import type { Secret } from './store.ts';

/** What keys are made with. */
export interface KeyMaking {
  /** Of the pepper that makes new keys. */
  readonly digester: Digester;
  readonly deriveKey: DeriveKey;
}

/**
 * Makes a key: at random, or derived for a request that its client may repeat.
 *
 * @returns the plaintext, and what may be stored of it.
 */
export function newSecret(
  { digester, deriveKey }: KeyMaking,
  attempt: Attempt | undefined,
): { readonly key: string; readonly secret: Secret } {
  const { pepperVersion } = digester;
  const key = attempt === undefined ? makeKey() : deriveKey(attempt, { pepperVersion, nonce: attempt.nonce });
  return { key, secret: { id: digester.digest(key), serial: randomUUID(), start: keyStart(key), pepperVersion } };
}
