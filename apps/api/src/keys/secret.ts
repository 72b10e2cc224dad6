import { randomUUID } from 'node:crypto';
import { keyStart, makeKey } from '@andamio/schema/key-format';
import type { Digester } from '@andamio/verification/digest';
import type { DeriveKey, IdempotentRequest } from './idempotency.ts';
import type { Secret } from './model.ts';

/** What keys are made with. */
export interface KeyMaking {
  /** Of the pepper that makes new keys. */
  readonly digester: Digester;
  readonly deriveKey: DeriveKey;
}

/**
 * Creates a key: at random, or derived if the client sent an `Idempotency-Key`.
 *
 * @returns the plaintext, and the part that may be stored.
 */
export function newSecret(
  { digester, deriveKey }: KeyMaking,
  request: IdempotentRequest | undefined,
): { readonly key: string; readonly secret: Secret } {
  const { pepperVersion } = digester;
  const key = request === undefined ? makeKey() : deriveKey(request, { pepperVersion, nonce: request.nonce });
  return { key, secret: { id: digester.digest(key), serial: randomUUID(), start: keyStart(key), pepperVersion } };
}
