import { type DocumentedOperation, documentedOperations, guide } from '../document.ts';
import { type Html, html } from '../html.ts';
import { slug } from './slug.ts';

/** The operations of a tag. */
export interface OperationGroup {
  readonly tag: string;
  readonly operations: readonly DocumentedOperation[];
}

/** Returns the operations by tag, in the order of the OpenAPI document. */
export function operationGroups(): OperationGroup[] {
  const groups = Map.groupBy(
    documentedOperations(),
    ({ operation }) => operation.tags?.[0] ?? 'Other',
  );
  return [...groups].map(([tag, operations]) => ({ tag, operations }));
}

const operationLink = ({ method, operation }: DocumentedOperation): Html =>
  html`<li><a href="#${operation.operationId}">${operation.summary} <span class="method">${method}</span></a></li>\n`;

/**
 * Renders the search field and the table of contents. On narrow screens they are a popover, which
 * the button in the header opens.
 */
export function navigation(): Html {
  return html`<nav id="contents" popover aria-label="Contents">
<search>
<label class="unseen" for="search">Search the reference</label>
<input id="search" type="search" placeholder="Search" autocomplete="off" disabled>
<p class="unseen" id="found" role="status"></p>
<ul id="results" hidden></ul>
</search>
<div id="all-contents">
<ul>
<li><a href="#get-started">Get started</a></li>
</ul>
${operationGroups().map(
  ({ tag, operations }) => html`<p><a href="#${slug(tag)}">${tag}</a></p>
<ul>
${operations.map(operationLink)}</ul>\n`,
)}<p>Guide</p>
<ul>
${guide().sections.map(({ title }) => html`<li><a href="#${slug(title)}">${title}</a></li>\n`)}</ul>
<p>Other formats</p>
<ul>
<li><a href="doc.json">OpenAPI 3.1</a></li>
<li><a href="swagger.json">Swagger 2.0</a></li>
<li><a href="reference.md">Markdown</a></li>
</ul>
</div>
</nav>`;
}
