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

/** How much one message may hold. */
export const alertLimits = { bytes: 1024 * 1024, alerts: 1_000 } as const;

const text = z.string({ error: 'must be a string' });

/**
 * A body of alerts, each a string that has the form of a key and the name that the pattern has at GitHub. Where it was found
 * (`url`, `source`) is nothing that revocation depends on, so GitHub may leave it out.
 */
export const leakAlerts = z.array(
  z.object({ token: text, type: text, url: text.optional(), source: text.optional() }, { error: 'must be an object' }),
);

export type LeakAlerts = z.output<typeof leakAlerts>;

/** What GitHub is answered about one alert. */
export interface AlertVerdict {
  /** SHA-256 in hex: the token itself is never repeated. */
  readonly token_hash: string;
  readonly token_type: string;
  /** Whether it was a key that somebody held. */
  readonly label: 'true_positive' | 'false_positive';
}
