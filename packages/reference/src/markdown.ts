import type { OpenAPIV3_1 } from 'openapi-types';
import { type DocumentedOperation, document, documentedOperations, resolve } from './document.ts';

type Schema = OpenAPIV3_1.SchemaObject;

const json = (value: unknown) => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

/**
 * Returns the constraints on a field in the notation of the published reference page, such as `3 <=
 * length <= 100`.
 */
function bounds({ minLength, maxLength, minimum, maximum, pattern }: Schema): string {
  const between = (low: number | undefined, what: string, high: number | undefined) =>
    low === undefined && high === undefined
      ? []
      : [
          `${low === undefined ? '' : `${low} <= `}${what}${high === undefined ? '' : ` <= ${high}`}`,
        ];
  const rules = [...between(minLength, 'length', maxLength), ...between(minimum, 'value', maximum)];
  if (pattern) rules.push(`matches ${pattern}`);
  return rules.map((rule) => `\`${rule}\``).join(', ');
}

/** Returns a Markdown table of an object's fields with name, type, constraints and meaning. */
function fields(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const field = resolve<Schema>(property);
    const optional = schema.required?.includes(name) ? '' : ' (optional)';
    const type = [field.type ?? 'value'].flat().join(' or ');
    return `| \`${name}\`${optional} | ${type} | ${bounds(field)} | ${field.description ?? ''} |`;
  });
  return ['| field | type | bounds | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function contentOf(holder: { content?: Record<string, OpenAPIV3_1.MediaTypeObject> } | undefined) {
  return holder?.content?.['application/json'];
}

function requestBody({ operation }: DocumentedOperation): string[] {
  const body = operation.requestBody && resolve(operation.requestBody);
  const content = contentOf(body as OpenAPIV3_1.RequestBodyObject | undefined);
  if (!content?.schema) return [];
  return [
    '### Request body',
    (body as OpenAPIV3_1.RequestBodyObject).description ?? '',
    fields(resolve<Schema>(content.schema as Schema)),
    json(content.example),
  ];
}

function answers({ operation }: DocumentedOperation): string[] {
  return Object.entries(operation.responses ?? {}).flatMap(([status, reference]) => {
    const response = resolve(reference) as OpenAPIV3_1.ResponseObject;
    const content = contentOf(response);
    const schema = content?.schema && resolve<Schema>(content.schema as Schema);
    const described = status === '200' && schema?.properties ? [fields(schema)] : [];
    return [
      `### ${status}`,
      response.description,
      ...described,
      ...(content?.example ? [json(content.example)] : []),
    ];
  });
}

function authorization({ operation }: DocumentedOperation): string {
  const [scheme] = (operation.security ?? []).flatMap((requirement) => Object.keys(requirement));
  if (scheme === undefined) return 'Requires no authentication.';
  const described = resolve(
    document.components?.securitySchemes?.[scheme] as OpenAPIV3_1.SecuritySchemeObject,
  );
  const header = described.type === 'apiKey' ? described.name : 'Authorization';
  return `**${header}** (in: header): ${described.description}`;
}

const fences: Readonly<Record<string, string>> = { Shell: 'sh', 'C#': 'csharp' };

function samples({ operation }: DocumentedOperation): string[] {
  const all = operation['x-codeSamples'] ?? [];
  return all.flatMap(({ lang, label, source }) => [
    `### ${label}`,
    `\`\`\`${fences[lang] ?? lang.toLowerCase()}\n${source.trimEnd()}\n\`\`\``,
  ]);
}

function section(documented: DocumentedOperation): string[] {
  const { method, path, operation } = documented;
  return [
    `## ${operation.summary}`,
    `\`${method} ${path}\``,
    operation.description ?? '',
    authorization(documented),
    ...requestBody(documented),
    ...answers(documented),
    ...samples(documented),
  ];
}

/**
 * Returns the complete reference as Markdown, for AI assistants and for browsers without
 * JavaScript.
 */
export function referenceAsMarkdown(): string {
  const { info, servers } = document;
  const parts = [
    `# ${info.title}`,
    `Base URL: \`${servers?.[0]?.url}\``,
    ...documentedOperations().flatMap(section),
    info.description ?? '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
