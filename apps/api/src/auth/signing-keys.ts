import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jsonwebtoken';

/** A key that tokens are verified with, and the one algorithm that it is for. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
}

/** What a token's header says of how it was signed. */
interface SignedBy {
  readonly alg: string;
  readonly kid?: string | undefined;
}

/** Finds the keys that may have signed a token. The algorithm of each is for the caller to compare. */
export type FindVerificationKeys = (signedBy: SignedBy) => Promise<readonly VerificationKey[]>;

/** The keys that a signature must be verified with could not be fetched; nothing is known about the token. */
export class SigningKeysUnavailableError extends Error {
  override readonly name = 'SigningKeysUnavailableError';
}

/** HS256: each secret may have signed any token, so that secrets can be replaced without a gap. */
export function secretKeys(secrets: readonly string[]): FindVerificationKeys {
  const keys = secrets.map((secret) => ({
    key: createSecretKey(secret, 'utf8'),
    algorithm: 'HS256' as const,
  }));
  return async () => keys;
}
