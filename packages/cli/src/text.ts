import { printable } from '@andamio/schema/printable';
import stringWidth from 'string-width';

/** Returns a count followed by its noun, such as `1 request` or `2 requests`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * Returns rows as aligned lines, with invisible characters in the cells escaped. A column is as
 * wide as its widest cell on a terminal, where a character may take two columns or none. Trailing
 * spaces are removed.
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable));
  const width = (column: number) => Math.max(...cells.map((row) => stringWidth(row[column] ?? '')));
  return cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(width(column) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * Returns a timestamp from the service, cut to the minute, such as `2025-08-31 23:59` for
 * `2025-08-31T23:59:59Z`. The time is UTC, like all times of the service.
 */
export function minuteOf(timestamp: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(timestamp)
    ? timestamp.slice(0, 16).replace('T', ' ')
    : printable(timestamp);
}
