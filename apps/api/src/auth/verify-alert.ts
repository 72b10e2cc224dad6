import { verify } from 'node:crypto';
import type { FindGithubKey } from './github-keys.ts';

/** What the headers of an alert say of its signature. */
export interface AlertSignature {
  /** Names one of the keys that GitHub publishes. */
  readonly keyIdentifier: string;
  /** Base64 of DER. */
  readonly signature: string;
}

/** Says whether GitHub signed these bytes, exactly as they were sent. */
export type VerifyAlert = (signature: AlertSignature, body: Uint8Array) => Promise<boolean>;

/**
 * Makes the verifier of GitHub's alerts: ECDSA by P-256 and SHA-256.
 *
 * @throws from the verifier: what `findKey` throws; nothing is known about the signature then.
 */
export function createAlertVerifier(findKey: FindGithubKey): VerifyAlert {
  return async ({ keyIdentifier, signature }, body) => {
    const key = await findKey(keyIdentifier);
    return key !== undefined && verify('sha256', body, key, Buffer.from(signature, 'base64'));
  };
}
