/**
 * The latest time, in Unix seconds, that an RFC 3339 timestamp with a four-digit year and a
 * Firestore timestamp can represent.
 */
export const lastTimestamp = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** Seconds in a day of a key's validity: always 86,400 (contract, part C). */
export const secondsPerDay = 86_400;

/**
 * Formats a time as in the contract: RFC 3339, UTC, whole seconds, `Z`.
 *
 * @param seconds Unix time in whole seconds, at most {@link lastTimestamp}.
 */
export function formatTimestamp(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
