import { keyRetentionDays } from '@andamio/schema/retention';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';
import type { Validity } from './model.ts';

/**
 * Returns when a key expires: `days` times 86,400 s after `createdAt` (contract, part C). The
 * result may be too late (see {@link isTooLate}).
 *
 * @param createdAt Unix seconds.
 * @returns Unix seconds.
 */
export function expiryOf(createdAt: number, days: number): number {
  return createdAt + days * secondsPerDay;
}

/**
 * Reports whether a validity is not allowed because it has too many days or ends after the year
 * 9999.
 *
 * @param maximumDays the operator's limit on days. If undefined, there is none.
 */
export function isTooLate(
  { expiresAt, expiresInDays }: Pick<Validity, 'expiresAt' | 'expiresInDays'>,
  maximumDays = Number.POSITIVE_INFINITY,
): boolean {
  return expiresInDays > maximumDays || expiresAt > lastTimestamp;
}

/**
 * Reports whether a key expires within a day or has expired. Only then can it be rotated (contract,
 * part B). Times are Unix seconds.
 */
export function isExpiring(expiresAt: number, now: number): boolean {
  return expiresAt - now <= secondsPerDay;
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
