import { keyRetentionDays } from '@andamio/schema/firestore-layout';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

/**
 * Returns when a key expires: `days` times 86,400 s after `createdAt` (contract, part C). The
 * result may be too late to be stored (see {@link isTooLate}).
 *
 * @param createdAt Unix seconds.
 * @returns Unix seconds.
 */
export function expiryOf(createdAt: number, days: number): number {
  return createdAt + days * secondsPerDay;
}

/** Reports whether an expiry is after the year 9999. No key can have such an expiry. */
export function isTooLate(expiresAt: number): boolean {
  return expiresAt > lastTimestamp;
}

/**
 * Returns when the retention of a key ends, in Unix seconds: 30 days after its expiry, but no later
 * than the last timestamp that can be stored.
 */
export function deleteAfterOf(expiresAt: number): number {
  return Math.min(expiresAt + keyRetentionDays * secondsPerDay, lastTimestamp);
}

/**
 * Reports whether the retention of a key has passed. The key then counts as removed, even if the
 * database has not deleted it yet.
 *
 * @param now Unix seconds.
 */
export function isRemoved({ deleteAfter }: { readonly deleteAfter: number }, now: number): boolean {
  return deleteAfter <= now;
}
