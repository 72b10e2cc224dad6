import type { KeyCounts } from './administration.ts';

/** What depends on one pepper. */
export interface PepperUse {
  readonly version: string;
  /** Whether the settings have it. Without it no key under it can be verified. */
  readonly isConfigured: boolean;
  /** Whether new keys are made under it. */
  readonly makesKeys: boolean;
  /** Keys that are accepted at present, those in their grace included. */
  readonly unexpired: number;
  /** Expired keys that can still be extended. */
  readonly expired: number;
  /** Whether the settings have it and nothing needs it, but for requests that are repeated within a day. */
  readonly canBeDropped: boolean;
}

/**
 * Says of each pepper, configured or in use, what depends on it. An expired key that can still be extended needs its pepper as
 * well.
 *
 * @param versions as configured: the first makes new keys.
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
