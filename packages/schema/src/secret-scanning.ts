// The messages of GitHub's secret scanning partner program. GitHub sends them to report keys that
// it finds in public repositories
// (https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program).
// The endpoint is not a published operation because only GitHub can call it.
import * as z from 'zod';
import { basePath } from './hosts.ts';

/** The path to which GitHub sends alerts. */
export const secretScanningPath = `${basePath}/github/secret-scanning`;

/**
 * Request headers with the signature of the request body, and the id of the key with which GitHub
 * created the signature. Signatures use ECDSA with P-256 and SHA-256 and are sent as base64-encoded
 * DER.
 */
export const signatureHeaders = {
  keyIdentifier: 'github-public-key-identifier',
  signature: 'github-public-key-signature',
} as const;

/** Maximum size of a request body in bytes. */
export const maximumAlertBytes = 1024 * 1024;

/**
 * An alert about a string that matches the key pattern. `type` is GitHub's name for the pattern and
 * is sent back in the response. All other members are ignored.
 */
export const leakAlert = z.object({
  token: z.string(),
  type: z.string().optional().catch(undefined),
});

export type LeakAlert = z.output<typeof leakAlert>;

/** The response to an alert. */
export interface AlertVerdict {
  /** Hexadecimal SHA-256 of the string in the alert. The response does not repeat the string. */
  readonly token_hash: string;
  /** The `type` of the alert, if GitHub sent one. */
  readonly token_type?: string | undefined;
  /**
   * `true_positive` if the string is a key that was revoked because of this alert or an earlier
   * one.
   */
  readonly label: 'true_positive' | 'false_positive';
}
