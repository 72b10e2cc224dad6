import highlighter from 'highlight.js/lib/common';
import { type DocumentedOperation, highlightName } from '../document.ts';
import { Html, html } from '../html.ts';

/**
 * Maps each placeholder in the samples to its security scheme. The script replaces the placeholder
 * with the credentials that the reader enters for the scheme.
 */
const placeholders = { YOUR_JWT_TOKEN: 'BearerAuth', YOUR_API_KEY: 'ApiKeyAuth' };

function highlighted(source: string, language: string): Html {
  const { value } = highlighter.highlight(source.trimEnd(), { language });
  return new Html(
    Object.entries(placeholders).reduce(
      (text, [placeholder, scheme]) =>
        text.replaceAll(placeholder, `<var data-scheme="${scheme}">${placeholder}</var>`),
      value,
    ),
  );
}

/** Renders a value as JSON. */
export const jsonBlock = (value: unknown): Html =>
  html`<pre tabindex="0"><code>${highlighted(JSON.stringify(value, null, 2), 'json')}</code></pre>`;

/**
 * Renders the sample programs of an operation. The first language is visible; the script shows the
 * language that the reader chooses.
 *
 * @param id a prefix that is unique within the page
 */
export function samplesBlock({ operation }: DocumentedOperation, id: string): Html {
  const samples = operation['x-codeSamples'] ?? [];
  return html`<div class="samples">
<div class="bar">
<fieldset class="languages"><legend class="unseen">Language of the samples</legend>
${samples.map(
  ({ label }, index) =>
    html`<label><input type="radio" name="${id}-language" value="${label}" autocomplete="off"${index === 0 && html` checked`}><span>${label}</span></label>\n`,
)}</fieldset>
<button type="button" class="copy" disabled>Copy</button>
</div>
${samples.map(
  (
    sample,
    index,
  ) => html`<div class="sample" data-language="${sample.label}"${index > 0 && html` hidden`}>
<pre tabindex="0"><code>${highlighted(sample.source, highlightName(sample))}</code></pre></div>\n`,
)}</div>`;
}
