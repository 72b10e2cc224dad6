import { verify } from 'node:crypto';
import type { FindGithubKey } from './github-keys.ts';

/** The signature of an alert, as sent in its headers. */
export interface AlertSignature {
  /** The identifier of the GitHub key that signed the alert. */
  readonly keyIdentifier: string;
  /** The DER-encoded signature in Base64. */
  readonly signature: string;
}

/**
 * The result of verifying a message from GitHub. `unconfirmed` means that the message's key is
 * unknown, and that GitHub's keys were fetched too recently to be fetched again.
 */
type AlertVerification = 'verified' | 'unknown_key' | 'signature' | 'unconfirmed';

/**
 * Verifies the signature of a message from GitHub. `body` is the bytes exactly as they were sent.
 */
export type VerifyAlert = (
  signature: AlertSignature,
  body: Uint8Array,
) => Promise<AlertVerification>;

/**
 * Creates the verifier of GitHub's alerts, which are signed by ECDSA with P-256 and SHA-256.
 *
 * @throws the same errors as `findKey`, from the verifier. It is then unknown whether the signature
 *   is valid.
 */
export function createAlertVerifier(findKey: FindGithubKey): VerifyAlert {
  return async ({ keyIdentifier, signature }, body) => {
    const key = await findKey(keyIdentifier);
    if (key === undefined) return 'unknown_key';
    if (key === 'unconfirmed') return key;
    return verify('sha256', body, key, Buffer.from(signature, 'base64')) ? 'verified' : 'signature';
  };
}
