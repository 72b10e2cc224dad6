import type { KeyCounts } from './administration.ts';

/** The number of keys that depend on one pepper. */
export interface PepperUse {
  readonly version: string;
  /**
   * Whether the settings contain the pepper. Keys under a pepper that they do not contain cannot be
   * verified.
   */
  readonly isConfigured: boolean;
  /** Whether new keys are created under the pepper. */
  readonly makesKeys: boolean;
  /** Number of unexpired keys, including previous secrets. */
  readonly unexpired: number;
  /** Number of expired keys that can still be rotated. */
  readonly expired: number;
  /**
   * True if the pepper is configured, but neither creates new keys nor is needed by a stored key.
   * Idempotency records are not considered: replays of requests from the last 24 hours may still
   * need the pepper.
   */
  readonly canBeDropped: boolean;
}

/**
 * Returns the numbers of keys that depend on each pepper that is configured or in use. An expired
 * key that can still be rotated needs its pepper as well.
 *
 * @param versions the configured versions. New keys are created under the first.
 */
export function pepperUses(versions: readonly string[], counts: readonly KeyCounts[]): PepperUse[] {
  const all = new Set([...versions, ...counts.map(({ pepperVersion }) => pepperVersion)]);
  return [...all].map((version) => {
    const count = counts.find(({ pepperVersion }) => pepperVersion === version);
    const unexpired = (count?.active ?? 0) + (count?.superseded ?? 0);
    const expired = count?.expired ?? 0;
    const isConfigured = versions.includes(version);
    const makesKeys = version === versions[0];
    const canBeDropped = isConfigured && !makesKeys && unexpired + expired === 0;
    return { version, isConfigured, makesKeys, unexpired, expired, canBeDropped };
  });
}
