import type { TokenRefusal } from './refusals.ts';
import type { VerificationKey } from './signing-keys.ts';

/**
 * Maximum difference in seconds between the clocks of the issuer and the service (contract, "The
 * token").
 */
export const clockTolerance = 5;

/**
 * Verifies the signature of a token, and its times `nbf` and `exp` if they are present.
 *
 * @param nowSeconds the current time in Unix seconds.
 * @returns the payload, or the reason for refusing the token.
 */
export type VerifySignature = (
  token: string,
  key: VerificationKey,
  nowSeconds: number,
) => Promise<object | TokenRefusal>;
