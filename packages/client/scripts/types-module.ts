import { tiers } from '@andamio/schema/tiers';
import {
  type Contract,
  describeOperation,
  formatted,
  type NamedOperation,
} from './contract-module.ts';
import {
  findOperation,
  type OpenApiDocument,
  querySchema,
  type Schema,
  successSchema,
} from './openapi.ts';

const unionOf = (values: readonly (string | number)[]) =>
  values.map((one) => JSON.stringify(one)).join(' | ');

/**
 * The TypeScript type of the tier names. An enumeration that has this type is written as `Tier`.
 */
const tierType = unionOf(Object.keys(tiers));

/** Maximum width of a line of a generated comment in columns, without the line's indentation. */
const commentWidth = 92;

function wrapped(paragraph: string): string[] {
  const lines: string[] = [];
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= commentWidth) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** Returns a documentation comment, wrapped at {@link commentWidth} columns. */
function comment(text: string): string {
  const lines = text.replaceAll('*/', '*\\/').split('\n').flatMap(wrapped);
  return lines.length === 1 ? `/** ${lines[0]} */` : `/**\n * ${lines.join('\n * ')}\n */`;
}

/** Returns the comment of a property: its description and its default. */
function propertyComment({ description, default: value }: Schema): string {
  const text = [description, value === undefined ? undefined : `Default: ${JSON.stringify(value)}.`]
    .filter((part) => part !== undefined)
    .join(' ');
  return text === '' ? '' : `${comment(text)}\n`;
}

function properties({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(([name, property]) => {
    const type = typeOf(property);
    const field = required.includes(name) ? `${name}: ${type}` : `${name}?: ${type} | undefined`;
    return `${propertyComment(property)}${field};`;
  });
  // Additional properties are declared only if the schema describes them. If the schema merely
  // allows them, the service ignores them in requests.
  if (typeof additionalProperties === 'object') fields.push('[property: string]: unknown;');
  return `{\n${fields.join('\n')}\n}`;
}

/**
 * Returns the TypeScript type of the values that a schema allows.
 *
 * @throws if the schema uses a keyword that the generator does not know.
 */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) as string;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) {
    const type = unionOf(schema.enum);
    return type === tierType ? 'Tier' : type;
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (typeof schema.type === 'object')
    return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `(${typeOf(schema.items ?? {})})[]`;
    case 'object':
      return properties(schema);
    default:
      throw new Error(`The client has no type for ${JSON.stringify(schema)}.`);
  }
}

/**
 * Adds an interface for each component schema to which a schema refers. Does the same for the
 * schemas to which those component schemas refer.
 *
 * @param text the comment of the interfaces to which the schema refers directly.
 */
function addInterfaces(
  interfaces: Map<string, string>,
  document: OpenApiDocument,
  schema: Schema,
  text: string,
): void {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    const found = document.components?.schemas?.[name] ?? {};
    if (interfaces.has(name)) continue;
    interfaces.set(name, `${comment(text)}\nexport interface ${name} ${properties(found)}`);
    addInterfaces(interfaces, document, found, `An entry of \`${name}\`.`);
  }
}

/**
 * Returns the interfaces for the query parameters, request bodies and response bodies of all
 * operations, without duplicates.
 */
function interfacesOf({ document, operations }: Contract): string[] {
  const interfaces = new Map<string, string>();
  for (const operation of operations) {
    const { query, body, response } = schemasOf(document, operation);
    if (query !== undefined) {
      const text = comment(`The query parameters of \`${operation.name}\`.`);
      interfaces.set(
        queryType(operation),
        `${text}\nexport interface ${queryType(operation)} ${properties(query)}`,
      );
    }
    addInterfaces(interfaces, document, body ?? {}, `The body of \`${operation.name}\`.`);
    addInterfaces(interfaces, document, response, `The response of \`${operation.name}\`.`);
  }
  return [...interfaces.values()];
}

/** Returns the name of the interface for an operation's query parameters. */
const queryType = ({ name }: NamedOperation) =>
  `${name.charAt(0).toUpperCase()}${name.slice(1)}Query`;

/** Returns the schemas of an operation's query parameters, request body and response body. */
function schemasOf(document: OpenApiDocument, { id }: NamedOperation) {
  const { declared } = findOperation(document, id);
  return {
    query: querySchema(document, declared),
    body: declared.requestBody?.content['application/json'].schema,
    response: successSchema(declared),
  };
}

function method(document: OpenApiDocument, operation: NamedOperation): string {
  const { facts, summary } = describeOperation(document, operation);
  const { declared } = findOperation(document, operation.id);
  const { query, body, response } = schemasOf(document, operation);
  const options = facts.retryPolicy === 'with-key' ? 'IdempotentCallOptions' : 'CallOptions';
  const parameters = [
    ...(facts.credentials === 'key' ? ['apiKey: string'] : []),
    ...(query === undefined ? [] : [`query?: ${queryType(operation)}`]),
    ...(body === undefined ? [] : [`body: ${typeOf(body)}`]),
    `options?: ${options}`,
  ];
  const text = [
    `${summary}: \`${facts.method} ${facts.path}\`.`,
    ...(declared.description === undefined ? [] : ['', declared.description]),
    '',
    '@throws {ApiError} if the call fails.',
  ].join('\n');
  return `${comment(text)}\n${operation.name}(${parameters.join(', ')}): Promise<${typeOf(response)}>;`;
}

/**
 * Returns the properties of `ServiceErrorStatuses`, each with the error's remedy as its comment.
 */
const errorRows = ({ errors }: Contract) =>
  Object.entries(errors).map(
    ([code, { status, remedy }]) => `${comment(remedy)}\nreadonly ${code}: ${status};`,
  );

/** Returns the content of `src/generated/types.ts`. */
export function typesModule(contract: Contract): string {
  const { document, operations } = contract;
  return formatted(`// Generated by \`npx -y pnpm@12 generate\` from the contract in packages/schema. Do not edit.
import type { CallOptions, IdempotentCallOptions } from '../operation.ts';

/** The plan of a user. It sets the maximum number of keys, the rate limits and the quotas. */
export type Tier = ${tierType};

${interfacesOf(contract).join('\n\n')}

/** The HTTP status of each error that the service sends in \`X-Error-Code\`, and its remedy. */
export interface ServiceErrorStatuses {
${errorRows(contract).join('\n')}
}

/**
 * A client with one method for each operation of the service. {@link createClient} documents the
 * errors and retries.
 */
export interface Client {
${operations.map((operation) => method(document, operation)).join('\n\n')}
}
`);
}
