import * as z from 'zod';
import { basePath } from './hosts.ts';

/**
 * What GitHub tells of keys that it found in public, and what it is answered: the side of the service in GitHub's secret
 * scanning partner program (https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program).
 * It is no published operation: nobody but GitHub can call it, and GitHub documents it.
 */

/** Where GitHub sends its alerts. */
export const secretScanningPath = `${basePath}/github/secret-scanning`;

/** The headers that say which key of GitHub's signed the body, and how: ECDSA by P-256 and SHA-256, as base64 of DER. */
export const signatureHeaders = {
  keyIdentifier: 'github-public-key-identifier',
  signature: 'github-public-key-signature',
} as const;

/** The largest message in bytes. */
export const maximumAlertBytes = 1024 * 1024;

/**
 * One alert: a string that matches the pattern of keys, and the name that the pattern has at GitHub. Revocation needs the string
 * alone, so whatever else an alert holds or lacks is not looked at.
 */
export const leakAlert = z.object({ token: z.string(), type: z.string().optional().catch(undefined) });

export type LeakAlert = z.output<typeof leakAlert>;

/** The answer about one alert. */
export interface AlertVerdict {
  /** SHA-256 in hex: the token itself is never repeated. */
  readonly token_hash: string;
  /** As GitHub sent it; absent if it sent none. */
  readonly token_type?: string | undefined;
  /** Whether it is a key that was revoked, by this alert or before. */
  readonly label: 'true_positive' | 'false_positive';
}
