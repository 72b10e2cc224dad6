import type { KeyRefusal } from '@andamio/verification/verify-key';

/**
 * The reasons for refusing credentials, a closed list (contract, "Failures"). The reason is logged.
 * Outside production it is also added to `details`; clients in production cannot tell the reasons
 * apart.
 */
export type CredentialRefusal = TokenRefusal | 'no_key' | KeyRefusal;

/** The reasons for refusing a token or the signature of a message. */
export type TokenRefusal =
  | 'no_token'
  /**
   * The token is not a compact JWT, or its header contains a key, requires an extension or has
   * another type.
   */
  | 'malformed'
  /** No configured key uses the token's algorithm. */
  | 'algorithm'
  /** None of the configured or published keys can have signed the token. */
  | 'unknown_key'
  | 'signature'
  | 'expired'
  | 'not_yet_valid'
  | 'issuer'
  | 'audience'
  /** A claim is missing, invalid or excluded. */
  | 'claims';
