import {
  constraintsOf,
  credentialsOf,
  type DocumentedOperation,
  document,
  documentedOperations,
  type Field,
  guide,
  highlightName,
  nestedFieldsOf,
  parametersOf,
  requestBodyOf,
  responsesOf,
  typeOf,
} from './document.ts';

const json = (value: unknown) => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

/** Returns the rows of a table of fields. Names of nested fields begin with their parent's name. */
function rowsOf(fields: readonly Field[], parent = ''): string[] {
  return fields.flatMap((field) => {
    const { schema, isRequired, description } = field;
    const name = parent + field.name;
    const rules = constraintsOf(schema).map(({ label, rule }) =>
      label === 'Pattern' ? `matches \`${rule}\`` : `\`${rule}\``,
    );
    const bounds = rules.join(', ').replaceAll('|', '\\|');
    return [
      `| \`${name}\`${isRequired ? '' : ' (optional)'} | ${typeOf(schema)} | ${bounds} | ${description} |`,
      ...rowsOf(nestedFieldsOf(field), `${name}${schema.type === 'array' ? '[]' : ''}.`),
    ];
  });
}

/** Returns a Markdown table of fields with name, type, constraints and meaning. */
function table(fields: readonly Field[]): string {
  const rows = rowsOf(fields);
  return ['| field | type | bounds | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function authorization(documented: DocumentedOperation): string {
  const credentials = credentialsOf(documented);
  if (credentials === undefined) return 'Requires no authentication.';
  return `**${credentials.header}** (in: header): ${credentials.description}`;
}

function parameters(documented: DocumentedOperation): string[] {
  const all = parametersOf(documented);
  return ['header', 'path', 'query'].flatMap((place) => {
    const fields = all.filter((parameter) => parameter.in === place);
    return fields.length === 0 ? [] : [`### Parameters (in: ${place})`, table(fields)];
  });
}

function requestBody(documented: DocumentedOperation): string[] {
  const body = requestBodyOf(documented);
  if (body === undefined) return [];
  return ['### Request body', body.description, table(body.fields), json(body.example)];
}

function answers(documented: DocumentedOperation): string[] {
  return responsesOf(documented).flatMap(
    ({ status, description, fields, example, specificHeaders }) => [
      `### ${status}`,
      description,
      ...(status.startsWith('2') && fields.length > 0 ? [table(fields)] : []),
      ...(status.startsWith('2') && specificHeaders.length > 0
        ? ['#### Headers', table(specificHeaders)]
        : []),
      ...(example === undefined ? [] : [json(example)]),
    ],
  );
}

function samples({ operation }: DocumentedOperation): string[] {
  const all = operation['x-codeSamples'] ?? [];
  return all.flatMap((sample) => [
    `### ${sample.label}`,
    `\`\`\`${highlightName(sample)}\n${sample.source.trimEnd()}\n\`\`\``,
  ]);
}

function section(documented: DocumentedOperation): string[] {
  const { method, path, operation } = documented;
  return [
    `## ${operation.summary}`,
    `\`${method} ${path}\``,
    operation.description ?? '',
    authorization(documented),
    ...parameters(documented),
    ...requestBody(documented),
    ...answers(documented),
    ...samples(documented),
  ];
}

/**
 * Returns the complete reference as Markdown, for AI assistants and other readers of plain text. It
 * has the order of the page: introduction, operations, guide.
 */
export function referenceAsMarkdown(): string {
  const { info, servers } = document;
  const { introduction, sections } = guide();
  const parts = [
    `# ${info.title}`,
    `Base URL: \`${servers?.[0]?.url}\``,
    introduction,
    ...documentedOperations().flatMap(section),
    ...sections.flatMap(({ title, text }) => [`## ${title}`, text]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
