import * as z from 'zod';
import { basePath } from './hosts.ts';

/**
 * Messages of GitHub's secret scanning partner program, in which GitHub reports keys found in public
 * (https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program). The
 * endpoint is not a published operation: only GitHub can call it, and GitHub documents it.
 */

/** Path to which GitHub sends its alerts. */
export const secretScanningPath = `${basePath}/github/secret-scanning`;

/**
 * Headers with the signature of the body and the id of GitHub's signing key. Signatures are ECDSA
 * with P-256 and SHA-256, as base64 of DER.
 */
export const signatureHeaders = {
  keyIdentifier: 'github-public-key-identifier',
  signature: 'github-public-key-signature',
} as const;

/** Largest size of a message in bytes. */
export const maximumAlertBytes = 1024 * 1024;

/**
 * One alert: a string that matches the key pattern, and GitHub's name of the pattern. Revocation
 * needs only the string, so all other members are ignored.
 */
export const leakAlert = z.object({ token: z.string(), type: z.string().optional().catch(undefined) });

/** An alert of GitHub about one string. */
export type LeakAlert = z.output<typeof leakAlert>;

/** The response to one alert. */
export interface AlertVerdict {
  /** SHA-256 of the token in hex. The token itself is never repeated. */
  readonly token_hash: string;
  /** The type that GitHub sent, if any. */
  readonly token_type?: string | undefined;
  /** `true_positive` for a key that this alert or an earlier one revoked. */
  readonly label: 'true_positive' | 'false_positive';
}
