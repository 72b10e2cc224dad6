import type { ComponentChildren } from 'preact';

/** A table of the page. Where it is narrow, each row is a card. The first column is the header. */
export function Table({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The cells of each row, by a text that identifies the row. */
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
