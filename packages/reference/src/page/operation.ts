import {
  constraintsOf,
  credentialsOf,
  type DocumentedOperation,
  type DocumentedResponse,
  type Field,
  nestedFieldsOf,
  parametersOf,
  requestBodyOf,
  responsesOf,
  typeOf,
} from '../document.ts';
import { type Html, html } from '../html.ts';
import { requestForm } from './form.ts';
import { prose } from './prose.ts';
import { jsonBlock, samplesBlock } from './samples.ts';

/** Renders a field, and the fields of the objects that it contains. */
function fieldBlock(field: Field): Html {
  const { name, schema, isRequired, description } = field;
  const nested = nestedFieldsOf(field);
  const rules = [
    ...constraintsOf(schema),
    ...(schema.default === undefined
      ? []
      : [{ label: 'Default', rule: JSON.stringify(schema.default) }]),
  ];
  return html`<div>
<dt><code>${name}</code> <span class="type">${typeOf(schema)}</span>${!isRequired && html` <span class="optional">optional</span>`}</dt>
<dd>${prose(description)}${rules.map(({ label, rule }) => html`<p class="rule">${label} <code>${rule}</code></p>`)}${nested.length > 0 && html`<details><summary>Fields of <code>${name}</code></summary>${fieldsBlock(nested)}</details>`}</dd>
</div>\n`;
}

const fieldsBlock = (fields: readonly Field[]): Html =>
  html`<dl class="fields">\n${fields.map(fieldBlock)}</dl>`;

/**
 * Renders the description of the header that contains the credentials, in the same layout as a
 * field.
 */
function credentialsBlock(documented: DocumentedOperation): Html {
  const credentials = credentialsOf(documented);
  if (credentials === undefined) return html`<p>Requires no authentication.</p>`;
  const { header, prefix, description } = credentials;
  return html`<dl class="fields"><div>
<dt><code>${header}</code> <span class="type">${prefix}&lt;${prefix ? 'token' : 'key'}&gt;</span></dt>
<dd>${prose(description)}<p class="rule">In: header</p></dd>
</div></dl>`;
}

/**
 * Renders the parameters as fields. Each description also says in which part of the request the
 * parameter is sent.
 */
const parametersBlock = (documented: DocumentedOperation): Html | false => {
  const parameters = parametersOf(documented);
  return (
    parameters.length > 0 &&
    html`<h4>Parameters</h4>
${fieldsBlock(
  parameters.map((parameter) => ({
    ...parameter,
    description: `${parameter.description} In: ${parameter.in}.`,
  })),
)}`
  );
};

function responseBlock(response: DocumentedResponse): Html {
  const { status, description, fields, example, specificHeaders, errorCodes } = response;
  const isSuccess = errorCodes.length === 0;
  return html`<details class="response"${isSuccess && html` open`}>
<summary><span class="status ${isSuccess ? 'good' : 'bad'}">${status}</span> ${description}</summary>
${
  errorCodes.length > 0 &&
  html`<p class="codes">${errorCodes.map((code) => html`<a href="#errors-${code}"><code>${code}</code></a> `)}</p>`
}
${isSuccess && fields.length > 0 && fieldsBlock(fields)}
${example !== undefined && jsonBlock(example)}
${isSuccess && specificHeaders.length > 0 && html`<h5>Response Headers</h5>\n${fieldsBlock(specificHeaders)}`}
</details>\n`;
}

/** Renders an operation: description, fields, responses, samples and the form. */
export function operationSection(documented: DocumentedOperation): Html {
  const { method, path, operation } = documented;
  const id = operation.operationId as string;
  const body = requestBodyOf(documented);
  return html`<section class="operation" id="${id}" data-entry="${operation.summary}">
<h3><a href="#${id}">${operation.summary}</a></h3>
<p class="address"><span class="method">${method}</span> <code>${path}</code></p>
<div class="columns">
<div class="facts">
${prose(operation.description ?? '')}
<h4>Authorization</h4>
${credentialsBlock(documented)}
${parametersBlock(documented)}
${body && html`<h4>Request Body</h4>\n<p>${body.description}</p>\n${fieldsBlock(body.fields)}`}
<h4>Response Body</h4>
${responsesOf(documented).map(responseBlock)}
</div>
<div class="practice">
${samplesBlock(documented, id)}
<details class="try"><summary>Send this request</summary>
${requestForm(documented, id)}
</details>
</div>
</div>
</section>\n`;
}
