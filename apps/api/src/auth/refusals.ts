/**
 * Why a token is refused: a closed list (service contract, "Edges"). It stands in the log and, outside production, in `details`;
 * clients in production cannot tell one from another.
 */
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
