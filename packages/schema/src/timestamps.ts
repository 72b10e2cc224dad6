/**
 * The latest time in Unix seconds that both an RFC 3339 timestamp with a four-digit year and a
 * Firestore timestamp can represent.
 */
export const lastTimestamp = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** Length in seconds of one day of a key's validity period. Always 86,400 (contract, part C). */
export const secondsPerDay = 86_400;

/**
 * Formats a time as an RFC 3339 timestamp in UTC with whole seconds and `Z`, as the contract
 * requires.
 *
 * @param seconds whole Unix seconds, at most {@link lastTimestamp}.
 */
export function formatTimestamp(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
