import {
  type Credentials,
  credentialsOf,
  type DocumentedOperation,
  type Field,
  type Parameter,
  parametersOf,
  requestBodyOf,
  typeOf,
} from '../document.ts';
import { type Html, html } from '../html.ts';

/**
 * Renders the input for the credentials of a scheme. All inputs of a scheme have the same value,
 * which exists only in the memory of the page.
 */
export const credentialsInput = (
  { scheme, header, prefix }: Credentials,
  id: string,
  label: string,
): Html => html`<div class="field">
<label for="${id}">${label}</label>
<input id="${id}" class="secret" data-scheme="${scheme}" data-header="${header}" data-prefix="${prefix}" type="text" autocomplete="off" autocapitalize="off" spellcheck="false">
</div>`;

function inputFor({ schema }: Field, attributes: Html, value: unknown): Html {
  if (Array.isArray(schema.enum) || schema.type === 'boolean') {
    const options = ['', ...(schema.enum ?? ['true', 'false'])].map(
      (option) => html`<option>${option}</option>`,
    );
    return html`<select${attributes}>${options}</select>`;
  }
  const text = value === undefined ? '' : String(value);
  if (schema.type === 'array') return html`<textarea${attributes} rows="2"></textarea>`;
  if (schema.format === 'date') return html`<input type="date"${attributes} value="${text}">`;
  const mode = schema.type === 'integer' ? html` inputmode="numeric"` : html``;
  return html`<input type="text"${mode}${attributes} value="${text}" spellcheck="false">`;
}

function input(field: Field, place: string, id: string, value?: unknown): Html {
  const name = `${id}-${place}-${field.name}`;
  const type = [field.schema.type ?? 'string'].flat()[0];
  const attributes = html` id="${name}" name="${field.name}" data-in="${place}" data-type="${type}" autocomplete="off"`;
  const hint = field.isRequired ? undefined : 'optional';
  const lines = type === 'array' ? 'one per line' : undefined;
  const notes = [hint, lines].filter((note) => note !== undefined).join(', ');
  return html`<div class="field">
<label for="${name}"><code>${field.name}</code> <small>${typeOf(field.schema)}${notes && `, ${notes}`}</small></label>
${inputFor(field, attributes, value)}
</div>`;
}

/**
 * Renders the form that sends the request of an operation. The script enables its button. Required
 * fields contain the example of the document; optional ones are empty and not sent.
 *
 * @param id a prefix that is unique within the page
 */
export function requestForm(documented: DocumentedOperation, id: string): Html {
  const { method, path, operation } = documented;
  const credentials = credentialsOf(documented);
  const body = requestBodyOf(documented);
  const isSent = ({ in: place }: Parameter) => place !== 'cookie';
  return html`<form class="request" data-method="${method}" data-path="${path}"${body ? html` data-body="json"` : ''} autocomplete="off" novalidate aria-label="Send the request: ${operation.summary}">
${credentials && credentialsInput(credentials, `${id}-credentials`, `${credentials.header}${credentials.prefix ? `: ${credentials.prefix.trim()}` : ''}`)}
${body?.fields.map((field) => input(field, 'body', id, field.isRequired ? body.example?.[field.name] : undefined))}
${parametersOf(documented)
  .filter(isSent)
  .map((parameter) => input(parameter, parameter.in, id))}
<button type="submit" disabled>Send request</button>
<p class="progress" role="status"></p>
<div class="answer"></div>
</form>`;
}
