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

/** Returns the input element for a field. The script converts the value according to its type. */
function control({ name, schema }: Field, attributes: Html, value: string): Html {
  switch (schema.type) {
    case 'string':
      return schema.format === 'date'
        ? html`<input type="date"${attributes} value="${value}">`
        : html`<input type="text"${attributes} value="${value}" spellcheck="false">`;
    case 'integer':
      return html`<input type="text" inputmode="numeric"${attributes} value="${value}">`;
    case 'array':
      return html`<textarea${attributes} rows="2">${value}</textarea>`;
    default:
      throw new Error(`The reference has no input for the type of ${name}, ${schema.type}.`);
  }
}

function input(field: Field, place: string, id: string, value: unknown): Html {
  const { name, schema, isRequired } = field;
  const inputId = `${id}-${place}-${name}`;
  const attributes = html` id="${inputId}" name="${name}" data-in="${place}" data-type="${typeOf(schema)}" autocomplete="off"`;
  const notes = [
    typeOf(schema),
    ...(isRequired ? [] : ['optional']),
    ...(schema.type === 'array' ? ['one per line'] : []),
  ];
  return html`<div class="field">
<label for="${inputId}"><code>${name}</code> <small>${notes.join(', ')}</small></label>
${control(field, attributes, value === undefined ? '' : [value].flat().join('\n'))}
</div>`;
}

function parameterInput(parameter: Parameter, id: string): Html {
  if (!['header', 'query'].includes(parameter.in))
    throw new Error(
      `The reference cannot send the parameter ${parameter.name} in ${parameter.in}.`,
    );
  return input(parameter, parameter.in, id, undefined);
}

/**
 * Renders the form that sends the request of an operation. The page's script enables the form's
 * button. Required fields contain the document's example. Optional fields are empty, and empty
 * fields are not sent.
 *
 * @param id a prefix that is unique within the page
 * @throws if a form cannot send what the operation takes
 */
export function requestForm(documented: DocumentedOperation, id: string): Html {
  const { method, path, operation } = documented;
  const credentials = credentialsOf(documented);
  const body = requestBodyOf(documented);
  return html`<form class="request" data-method="${method}" data-path="${path}"${body ? html` data-body="json"` : ''} autocomplete="off" novalidate aria-label="Send the request: ${operation.summary}">
${credentials && credentialsInput(credentials, `${id}-credentials`, `${credentials.header}${credentials.prefix ? `: ${credentials.prefix.trim()}` : ''}`)}
${body?.fields.map((field) => input(field, 'body', id, field.isRequired ? body.example?.[field.name] : undefined))}
${parametersOf(documented).map((parameter) => parameterInput(parameter, id))}
<button type="submit" disabled>Send request</button>
<p class="progress" role="status"></p>
<div class="new-keys"></div>
<div class="answer"></div>
</form>`;
}
