import { keyRetentionDays } from '@andamio/schema/firestore-layout';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

/**
 * Returns when a key that begins at `createdAt` expires: that many times 86,400 s later (contract,
 * part C). The result may be too late to be stored.
 *
 * @param createdAt Unix seconds.
 * @returns Unix seconds.
 */
export function expiryOf(createdAt: number, days: number): number {
  return createdAt + days * secondsPerDay;
}

/** Returns whether an expiry is after the year 9999, which no key can have. */
export function isTooLate(expiresAt: number): boolean {
  return expiresAt > lastTimestamp;
}

/**
 * Returns from when on an expired key counts as removed, Unix seconds: 30 days after its expiry, or
 * the last instant that can be stored.
 */
export function deleteAfterOf(expiresAt: number): number {
  return Math.min(expiresAt + keyRetentionDays * secondsPerDay, lastTimestamp);
}

/** Returns whether a key counts as removed at an instant in Unix seconds, even if still stored. */
export function isRemoved({ deleteAfter }: { readonly deleteAfter: number }, now: number): boolean {
  return deleteAfter <= now;
}
