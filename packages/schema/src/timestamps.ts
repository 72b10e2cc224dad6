/** The last instant that an RFC 3339 timestamp with a four-digit year and a Firestore timestamp can hold, in Unix seconds. */
export const lastTimestamp = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** Seconds of a day as keys count them: 86,400, whatever the calendar does (contract, part C). */
export const secondsPerDay = 86_400;

/**
 * Writes an instant as the contract does: RFC 3339, UTC, whole seconds, `Z`.
 *
 * @param seconds Unix time in whole seconds, at most {@link lastTimestamp}.
 */
export function formatTimestamp(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
