import { verify } from 'node:crypto';
import type { FindGithubKey } from './github-keys.ts';

/** What the headers of an alert say about its signature. */
export interface AlertSignature {
  /** Names one of the keys that GitHub publishes. */
  readonly keyIdentifier: string;
  /** Base64 of DER. */
  readonly signature: string;
}

/**
 * Whether GitHub signed a message. `unconfirmed`: its key is unknown, and GitHub could not be asked
 * again yet.
 */
type AlertVerification = 'verified' | 'unknown_key' | 'signature' | 'unconfirmed';

/** Verifies the signature of these bytes, exactly as they were sent. */
export type VerifyAlert = (signature: AlertSignature, body: Uint8Array) => Promise<AlertVerification>;

/**
 * Creates the verifier of GitHub's alerts: ECDSA by P-256 and SHA-256.
 *
 * @throws from the verifier: what `findKey` throws; nothing is known about the signature then.
 */
export function createAlertVerifier(findKey: FindGithubKey): VerifyAlert {
  return async ({ keyIdentifier, signature }, body) => {
    const key = await findKey(keyIdentifier);
    if (key === undefined) return 'unknown_key';
    if (key === 'unconfirmed') return key;
    return verify('sha256', body, key, Buffer.from(signature, 'base64')) ? 'verified' : 'signature';
  };
}
