import type { ComponentChildren } from 'preact';

/** A table. On a narrow page, each row becomes a card. The first cell of a row is its header. */
export function Table({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The rows: for each, a text that identifies the row, and the row's cells. */
  readonly rows: readonly (readonly [key: string, cells: readonly ComponentChildren[]])[];
}) {
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([key, [header, ...cells]]) => (
          <tr key={key}>
            <th scope="row" data-label={columns[0]}>
              {header}
            </th>
            {cells.map((cell, index) => (
              <td key={columns[index + 1]} data-label={columns[index + 1]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
