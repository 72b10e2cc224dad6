import stringWidth from 'string-width';
import { printable } from './printable.ts';

/** Returns a count followed by its noun, such as `1 key` or `2 keys`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
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
