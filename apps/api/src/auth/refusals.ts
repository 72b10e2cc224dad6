import type { KeyRefusal } from '@andamio/verification/verify-key';

/**
 * Why credentials are refused: a closed list (service contract, "Edges"). The reason is logged and,
 * outside production, added to `details`; clients in production cannot tell one from another.
 */
export type CredentialRefusal = TokenRefusal | 'no_key' | KeyRefusal;

/** Why a token, or the signature of a message, is refused. */
export type TokenRefusal =
  | 'no_token'
  /** Not a compact JWT, or a header that demands more than a key and an algorithm. */
  | 'malformed'
  /** An algorithm that the configured keys are not for. */
  | 'algorithm'
  /** No configured or published key may have signed it. */
  | 'unknown_key'
  | 'signature'
  | 'expired'
  | 'not_yet_valid'
  | 'issuer'
  | 'audience'
  /** A claim is missing, or of a wrong type. */
  | 'claims';
