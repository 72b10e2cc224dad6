import { Marked, type RendererObject, type Tokens } from 'marked';
import { Html, html } from '../html.ts';
import { slug } from './slug.ts';

/** Returns code as HTML. Long names break after an underscore in narrow columns. */
const code = (text: string): string => html`<code>${text}</code>`.text.replaceAll('_', '_<wbr>');

/**
 * Returns a renderer for Markdown. In tables, the first cell of a row is its heading. Each row has
 * an id, so that the search can find it.
 */
const rendererWith = (prefix: string): RendererObject => ({
  codespan: ({ text }) => code(text),
  table({ header, rows }) {
    const inline = ({ tokens }: Tokens.TableCell) => new Html(this.parser.parseInline(tokens));
    return html`<div class="table"><table>
<thead><tr>${header.map((cell) => html`<th scope="col">${inline(cell)}</th>`)}</tr></thead>
<tbody>
${rows.map(([first, ...others]) => {
  const name = slug(first?.text ?? '');
  return html`<tr id="${prefix}-${name}" data-entry="${name}"><th scope="row">${first && inline(first)}</th>${others.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>\n`;
})}</tbody>
</table></div>\n`.text;
  },
});

/**
 * Renders Markdown of the OpenAPI document as HTML. The document is part of the repository and
 * trusted.
 *
 * @param prefix the beginning of the ids of table rows
 */
export function prose(markdown: string, prefix = 'row'): Html {
  const marked = new Marked({ renderer: rendererWith(prefix) });
  return new Html(marked.parse(markdown, { async: false }));
}
