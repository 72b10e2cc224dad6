import { printable } from '@andamio/schema/printable';

/**
 * Returns a timestamp from the service, cut to the minute, such as `2025-08-31 23:59` for
 * `2025-08-31T23:59:59Z`. The time is UTC, like all times of the service.
 */
export function minuteOf(timestamp: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(timestamp)
    ? timestamp.slice(0, 16).replace('T', ' ')
    : printable(timestamp);
}
