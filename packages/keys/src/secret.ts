import { randomUUID } from 'node:crypto';
import { keyStart, makeKey } from '@andamio/schema/key-format';
import type { Digester } from '@andamio/verification/digest';
import type { DeriveKey, IdempotentRequest } from './idempotency.ts';
import type { Secret } from './model.ts';

/** The dependencies for creating a key and its id. */
export interface KeyMaking {
  /** The digester of the pepper under which new keys are created. */
  readonly digester: Digester;
  readonly deriveKey: DeriveKey;
}

/**
 * Creates a key: derived from the request if the client sent an `Idempotency-Key`, otherwise
 * random.
 *
 * @returns the plaintext, and the fields that may be stored.
 */
export function newSecret(
  { digester, deriveKey }: KeyMaking,
  request: IdempotentRequest | undefined,
): { readonly key: string; readonly secret: Secret } {
  const { pepperVersion } = digester;
  const key =
    request === undefined ? makeKey() : deriveKey(request, { pepperVersion, nonce: request.nonce });
  return {
    key,
    secret: { id: digester.digest(key), serial: randomUUID(), start: keyStart(key), pepperVersion },
  };
}
