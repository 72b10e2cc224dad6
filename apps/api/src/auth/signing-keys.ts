import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jsonwebtoken';

/** A key that verifies tokens, and the one algorithm that it is for. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
}

/** What a token's header says about its signature. */
interface SignedBy {
  readonly alg: string;
  readonly kid?: string | undefined;
}

/** The keys that verify tokens, as a setting names them. */
export interface VerificationKeys {
  /**
   * The algorithms that the keys may be for. A token with another algorithm is refused without
   * trying the keys.
   */
  readonly algorithms: readonly string[];
  /**
   * Yields the keys that may have signed a token, the likeliest first. A caller continues until a
   * key verifies, which may fetch newer keys.
   */
  find(signedBy: SignedBy): AsyncIterable<VerificationKey>;
}

/** The keys that verify a signature could not be fetched; nothing is known about the token. */
export class SigningKeysUnavailableError extends Error {
  override readonly name = 'SigningKeysUnavailableError';
}

/** HS256: each secret may have signed any token, so that secrets can be replaced without a gap. */
export function secretKeys(secrets: readonly string[]): VerificationKeys {
  const keys = secrets.map((secret) => ({
    key: createSecretKey(secret, 'utf8'),
    algorithm: 'HS256' as const,
  }));
  return {
    algorithms: ['HS256'],
    async *find() {
      yield* keys;
    },
  };
}
