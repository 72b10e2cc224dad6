import { createSecretKey, type KeyObject } from 'node:crypto';

/** The algorithms of tokens. `EdDSA` is used with the curve Ed25519 only. */
export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** A key that verifies tokens, and the only algorithm that it may be used with. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithm: TokenAlgorithm;
}

interface SignedBy {
  readonly alg: string;
  readonly kid?: string | undefined;
}

/** A source of the keys that verify tokens, as configured by the settings. */
export interface VerificationKeys {
  /**
   * The algorithms of the keys. A token with another algorithm is refused without trying the keys.
   */
  readonly algorithms: readonly TokenAlgorithm[];
  /**
   * Yields the keys that may have signed a token, the most likely first. The caller iterates until
   * a key verifies the token. Iterating further may fetch newer keys.
   */
  find(signedBy: SignedBy): AsyncIterable<VerificationKey>;
}

/**
 * The keys that verify a signature could not be fetched, so it is unknown whether the signature is
 * valid.
 */
export class SigningKeysUnavailableError extends Error {
  override readonly name = 'SigningKeysUnavailableError';
}

/**
 * Creates the source of keys for HS256. Every secret is tried for every token, so that secrets can
 * be replaced while old tokens are still valid.
 */
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
