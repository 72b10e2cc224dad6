import { keyRetentionDays } from '@andamio/schema/firestore-layout';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

/**
 * When a key that begins at `createdAt` ends: that many times 86,400 s later (contract, part C). That may be too late to be stored.
 *
 * @param createdAt Unix seconds.
 * @returns Unix seconds.
 */
export function expiryOf(createdAt: number, days: number): number {
  return createdAt + days * secondsPerDay;
}

/** Whether an expiry passes the year 9999: no key can have it. */
export function isTooLate(expiresAt: number): boolean {
  return expiresAt > lastTimestamp;
}

/** From when on an expired key is gone, Unix seconds: 30 days after its expiry, or the last instant that can be stored. */
export function removalOf(expiresAt: number): number {
  return Math.min(expiresAt + keyRetentionDays * secondsPerDay, lastTimestamp);
}

/** Whether a key is gone for every operation at an instant in Unix seconds, whether or not it has been removed. */
export function isGone({ removeAt }: { readonly removeAt: number }, now: number): boolean {
  return removeAt <= now;
}
