import { Marked, type Tokens } from 'marked';
import { Html } from '../html.ts';
import { slug } from './slug.ts';

/** Renders the first cell of each table row as its heading, and gives the row an id for links. */
function tableWith(prefix: string) {
  return function table(
    this: { parser: { parseInline(tokens: Tokens.Generic[]): string } },
    { header, rows }: Tokens.Table,
  ) {
    const inline = ({ tokens }: Tokens.TableCell) => this.parser.parseInline(tokens);
    const head = header.map((cell) => `<th scope="col">${inline(cell)}</th>`).join('');
    const body = rows.map(([first, ...others]) => {
      const { text } = first as Tokens.TableCell;
      const cells = others.map((cell) => `<td>${inline(cell)}</td>`).join('');
      const name = slug(text);
      return `<tr id="${prefix}-${name}" data-entry="${name}"><th scope="row">${inline(first as Tokens.TableCell)}</th>${cells}</tr>\n`;
    });
    return `<div class="table" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('')}</tbody>
</table></div>\n`;
  };
}

/**
 * Renders Markdown of the OpenAPI document as HTML. The document is part of the repository and
 * trusted.
 *
 * @param prefix the beginning of the ids of table rows
 */
export function prose(markdown: string, prefix = 'row'): Html {
  const marked = new Marked({
    renderer: {
      table: tableWith(prefix) as never,
      // Long names break after an underscore in narrow columns.
      codespan: ({ text }) => `<code>${text.replaceAll('_', '_<wbr>')}</code>`,
    },
  });
  return new Html(marked.parse(markdown, { async: false }));
}
