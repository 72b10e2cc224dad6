import stringWidth from 'string-width';

/** Returns a count followed by its noun, such as `1 key` or `2 keys`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/**
 * Returns rows as lines, with each column as wide as its widest cell on a terminal, where a
 * character may take two columns or none.
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => stringWidth(row[column] ?? '')));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(width(column) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}
