import { basePath } from '@andamio/schema/hosts';
import type { OpenAPIV2, OpenAPIV3_1 } from 'openapi-types';
import { document, resolve, type Schema } from './document.ts';

type Reference = OpenAPIV3_1.ReferenceObject;

/** A schema of Swagger 2.0, with the extension that marks null as an allowed value. */
type SwaggerSchema = OpenAPIV2.SchemaObject & { 'x-nullable'?: true };

/** Schema keywords that have the same meaning in Swagger 2.0 as in OpenAPI 3.1. */
const commonKeywords = [
  'type',
  'format',
  'description',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
] as const;

/** Schema keywords that {@link swaggerSchema} converts. */
const convertedKeywords = [
  '$ref',
  'additionalProperties',
  'anyOf',
  'const',
  'example',
  'examples',
  'items',
  'properties',
];

const known = new Set<string>([...commonKeywords, ...convertedKeywords]);

const mapValues = <Value, Result>(
  values: Readonly<Record<string, Value>> | undefined,
  convert: (value: Value) => Result,
): Record<string, Result> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, convert(value)]));

const swaggerReference = ({ $ref }: Reference): OpenAPIV2.ReferenceObject => ({
  $ref: $ref
    .replace('#/components/schemas/', '#/definitions/')
    .replace('#/components/responses/', '#/responses/'),
});

const isNull = (schema: Schema | Reference) => 'type' in schema && schema.type === 'null';

/**
 * Returns the schema without the type null, which Swagger 2.0 does not have, and whether the schema
 * allows null.
 */
function withoutNull(schema: Schema): { schema: Schema; isNullable: boolean } {
  const { anyOf, ...others } = schema;
  if (anyOf !== undefined) {
    const [only, ...more] = anyOf.filter((choice) => !isNull(choice));
    if (only === undefined || more.length > 0)
      throw new Error(`Swagger 2.0 has no counterpart of anyOf: ${JSON.stringify(anyOf)}`);
    return { schema: { ...only, ...others } as Schema, isNullable: more.length < anyOf.length - 1 };
  }
  if (!Array.isArray(schema.type)) return { schema, isNullable: false };
  const [type, ...more] = schema.type.filter((one) => one !== 'null');
  if (more.length > 0)
    throw new Error(`Swagger 2.0 has no counterpart of several types: ${schema.type}`);
  return { schema: { ...schema, type } as Schema, isNullable: schema.type.includes('null') };
}

/**
 * Converts a schema of OpenAPI 3.1 to Swagger 2.0.
 *
 * @throws if Swagger 2.0 cannot express it
 */
export function swaggerSchema(source: Schema | Reference): SwaggerSchema {
  const unknown = Object.keys(source).filter((keyword) => !known.has(keyword));
  if (unknown.length > 0)
    throw new Error(`The conversion to Swagger 2.0 does not know the keywords ${unknown}.`);
  if ('$ref' in source) {
    const { $ref, ...others } = source as Reference & Schema;
    const reference = swaggerReference({ $ref });
    // Keywords beside a reference are ignored in Swagger 2.0.
    return Object.keys(others).length === 0
      ? (reference as SwaggerSchema)
      : { allOf: [reference], ...swaggerSchema(others as Schema) };
  }
  const { schema, isNullable } = withoutNull(source);
  if ('$ref' in schema)
    return { ...swaggerSchema(schema), ...(isNullable && { 'x-nullable': true }) };
  const { properties, additionalProperties, example, examples, items } = schema as Schema & {
    items?: Schema;
  };
  const common = commonKeywords.flatMap((keyword) =>
    schema[keyword] === undefined ? [] : [[keyword, schema[keyword]] as const],
  );
  const shown = example ?? examples?.[0];
  return {
    ...Object.fromEntries(common),
    ...('const' in schema && { enum: [schema.const] }),
    ...(items && { items: swaggerSchema(items) as OpenAPIV2.ItemsObject }),
    ...(properties && { properties: mapValues(properties, swaggerSchema) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'boolean' || Object.keys(additionalProperties).length === 0
          ? additionalProperties !== false
          : swaggerSchema(additionalProperties),
    }),
    ...(shown !== undefined && { example: shown }),
    ...(isNullable && { 'x-nullable': true }),
  };
}

/**
 * Converts the schema of a parameter or header. In Swagger 2.0, the schema's keywords are members
 * of the parameter or header itself.
 */
function flat(schema: Schema | Reference | undefined) {
  const { example: _, ...others } = swaggerSchema(resolve(schema as Schema));
  if (others.properties || others.allOf)
    throw new Error('In Swagger 2.0, parameters and headers cannot be objects.');
  return others;
}

function parameter(source: OpenAPIV3_1.ParameterObject | Reference): OpenAPIV2.Parameter {
  const {
    name,
    in: place,
    description,
    required = false,
    schema,
  } = resolve(source) as OpenAPIV3_1.ParameterObject;
  return {
    ...flat(schema as Schema),
    name,
    in: place,
    ...(description && { description }),
    required,
  } as OpenAPIV2.Parameter;
}

const json = 'application/json';

/**
 * Returns the name of the schema to which a `$ref` refers, or undefined if the schema is not a
 * `$ref`.
 */
const nameOf = (schema: unknown): string | undefined =>
  schema && typeof schema === 'object' && '$ref' in schema
    ? (schema as Reference).$ref.split('/').at(-1)
    : undefined;

function bodyParameters(source: OpenAPIV3_1.RequestBodyObject | Reference | undefined) {
  if (source === undefined) return [];
  const {
    description,
    required = false,
    content,
  } = resolve(source) as OpenAPIV3_1.RequestBodyObject;
  const schema = swaggerSchema(content[json]?.schema as Schema);
  // The name is not sent, but generated clients use it as the name of their parameter.
  const [first = '', ...others] = nameOf(content[json]?.schema) ?? 'body';
  const name = first.toLowerCase() + others.join('');
  return [{ name, in: 'body', ...(description && { description }), required, schema }];
}

function response(source: OpenAPIV3_1.ResponseObject | Reference): OpenAPIV2.Response {
  if ('$ref' in source) return swaggerReference(source);
  const { description, headers, content } = source;
  const { schema, example } = content?.[json] ?? {};
  return {
    description,
    ...(schema && { schema: swaggerSchema(schema as Schema) as OpenAPIV2.Schema }),
    ...(headers && {
      headers: mapValues(headers, (header) => {
        const { description: meaning, schema: type } = resolve(header) as OpenAPIV3_1.HeaderObject;
        return {
          ...flat(type as Schema),
          ...(meaning && { description: meaning }),
        } as OpenAPIV2.HeaderObject;
      }),
    }),
    ...(example !== undefined && { examples: { [json]: example } }),
  };
}

function operation(source: OpenAPIV3_1.OperationObject): OpenAPIV2.OperationObject {
  const { parameters = [], requestBody, responses, ...others } = source;
  const all = [...parameters.map(parameter), ...bodyParameters(requestBody)];
  return {
    ...(others as OpenAPIV2.OperationObject),
    ...(requestBody && { consumes: [json] }),
    ...(all.length > 0 && { parameters: all as OpenAPIV2.Parameters }),
    responses: mapValues(
      responses as Record<string, OpenAPIV3_1.ResponseObject | Reference>,
      response,
    ),
  };
}

/**
 * Converts a security scheme. Swagger 2.0 has no bearer tokens. As in the published contract, such
 * a token is described as an API key in the `Authorization` header.
 */
function securityScheme(
  source: OpenAPIV3_1.SecuritySchemeObject | Reference,
): OpenAPIV2.SecuritySchemeObject {
  const scheme = resolve(source) as OpenAPIV3_1.SecuritySchemeObject;
  const name = scheme.type === 'apiKey' ? scheme.name : 'Authorization';
  return { type: 'apiKey', name, in: 'header', description: scheme.description ?? '' };
}

/**
 * Returns the converted schemas. They include the examples of request bodies, because Swagger 2.0
 * has no other place for them.
 */
function definitions(): Record<string, SwaggerSchema> {
  const converted = mapValues(document.components?.schemas, (schema) =>
    swaggerSchema(schema as Schema),
  );
  for (const item of Object.values(document.paths ?? {})) {
    for (const { requestBody } of Object.values(item ?? {}) as OpenAPIV3_1.OperationObject[]) {
      const content =
        requestBody && (resolve(requestBody) as OpenAPIV3_1.RequestBodyObject).content;
      const { schema, example } = content?.[json] ?? {};
      const name = nameOf(schema);
      if (name !== undefined && example !== undefined)
        (converted[name] as SwaggerSchema).example = example;
    }
  }
  return converted;
}

/**
 * Returns the OpenAPI document as Swagger 2.0 (https://swagger.io/specification/v2/), for tools
 * that do not read OpenAPI 3.1.
 *
 * @throws if the document contains something that Swagger 2.0 cannot express or this conversion
 * does not support
 */
export function swaggerDocument(): OpenAPIV2.Document {
  const { info, tags, servers, paths, components } = document;
  const { host, protocol } = new URL(servers?.[0]?.url as string);
  const relative = Object.entries(paths ?? {}).map(([path, item]) => {
    if (!path.startsWith(`${basePath}/`))
      throw new Error(`In Swagger 2.0, all paths begin with ${basePath}, but not ${path}.`);
    return [
      path.slice(basePath.length),
      mapValues(item as Record<string, OpenAPIV3_1.OperationObject>, operation),
    ];
  });
  return {
    swagger: '2.0',
    info: info as OpenAPIV2.InfoObject,
    host,
    basePath,
    schemes: [protocol.slice(0, -1)],
    produces: [json],
    ...(tags && { tags: tags as OpenAPIV2.TagObject[] }),
    paths: Object.fromEntries(relative),
    definitions: definitions(),
    responses: mapValues(components?.responses, response) as OpenAPIV2.ResponsesDefinitionsObject,
    securityDefinitions: mapValues(components?.securitySchemes, securityScheme),
  };
}
