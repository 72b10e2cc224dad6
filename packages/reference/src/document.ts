import openapi from '@andamio/schema/openapi.json' with { type: 'json' };
import type { OpenAPIV3_1 } from 'openapi-types';

export type Schema = OpenAPIV3_1.SchemaObject;

/** The OpenAPI document from which the reference is generated. */
export const document = openapi as unknown as OpenAPIV3_1.Document;

/** An operation in the OpenAPI document. */
export interface DocumentedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenAPIV3_1.OperationObject & { 'x-codeSamples'?: readonly CodeSample[] };
}

/**
 * A sample program in the `x-codeSamples` extension
 * (https://redocly.com/docs-legacy/api-reference-docs/specification-extensions/x-code-samples).
 */
export interface CodeSample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

/** A field of an object, or a parameter of an operation. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  readonly description: string;
}

/** A parameter of an operation, with its place in the request. */
export interface Parameter extends Field {
  readonly in: string;
}

/** The request header with the credentials of an operation. */
export interface Credentials {
  /** Name of the security scheme. */
  readonly scheme: string;
  readonly header: string;
  /** Text before the credentials in the header, such as `Bearer `. */
  readonly prefix: string;
  readonly description: string;
}

/** A response of an operation. */
export interface DocumentedResponse {
  readonly status: string;
  readonly description: string;
  /**
   * The fields of the JSON body. Empty if there is no JSON body, or if its fields are not
   * documented.
   */
  readonly fields: readonly Field[];
  readonly example: unknown;
  readonly headers: readonly Field[];
  /**
   * The headers that are specific to this response. Every response has the other headers, except
   * errors of requests that are not well-formed HTTP, and errors that are sent before a rate limit
   * was counted.
   */
  readonly specificHeaders: readonly Field[];
  /** The error codes that the response can have. Empty for a success. */
  readonly errorCodes: readonly string[];
}

/**
 * Returns the target of a `$ref` within the OpenAPI document. Returns any other value unchanged.
 */
export function resolve<Target>(value: Target | OpenAPIV3_1.ReferenceObject): Target {
  if (!(value && typeof value === 'object' && '$ref' in value)) return value as Target;
  const target = (value as OpenAPIV3_1.ReferenceObject).$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((within, key) => (within as Record<string, unknown>)[key], document);
  return resolve(target as Target);
}

/** Returns all operations in the order of the OpenAPI document. */
export function documentedOperations(): DocumentedOperation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as OpenAPIV3_1.OperationObject,
    })),
  );
}

/**
 * Returns the operation with the given id.
 *
 * @throws if there is none
 */
export function operationById(id: string): DocumentedOperation {
  const found = documentedOperations().find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`The OpenAPI document has no operation ${id}.`);
  return found;
}

function contentOf(holder: { content?: Record<string, OpenAPIV3_1.MediaTypeObject> } | undefined) {
  return holder?.content?.['application/json'];
}

/** Returns the fields of an object schema. Returns no fields for any other schema. */
function fieldsOf(schema: Schema | OpenAPIV3_1.ReferenceObject | undefined): Field[] {
  const { properties = {}, required = [] } = schema ? resolve<Schema>(schema) : {};
  return Object.entries(properties).map(([name, property]) => {
    const field = resolve<Schema>(property);
    return {
      name,
      schema: field,
      isRequired: required.includes(name),
      description: field.description ?? '',
    };
  });
}

/** Returns the JSON body that an operation takes, or undefined if it takes none. */
export function requestBodyOf({ operation }: DocumentedOperation) {
  const body = operation.requestBody && resolve(operation.requestBody);
  const content = contentOf(body as OpenAPIV3_1.RequestBodyObject | undefined);
  if (!content?.schema) return undefined;
  return {
    description: (body as OpenAPIV3_1.RequestBodyObject).description ?? '',
    fields: fieldsOf(content.schema),
    example: content.example as Readonly<Record<string, unknown>> | undefined,
  };
}

/** Returns the parameters of an operation. */
export function parametersOf({ operation }: DocumentedOperation): Parameter[] {
  return (operation.parameters ?? []).map((reference) => {
    const parameter = resolve(reference) as OpenAPIV3_1.ParameterObject;
    return {
      name: parameter.name,
      in: parameter.in,
      schema: resolve<Schema>((parameter.schema ?? {}) as Schema),
      isRequired: parameter.required ?? false,
      description: parameter.description ?? '',
    };
  });
}

/** Returns the credentials that an operation takes, or undefined if it takes none. */
export function credentialsOf({ operation }: DocumentedOperation): Credentials | undefined {
  const [scheme] = (operation.security ?? []).flatMap((requirement) => Object.keys(requirement));
  return scheme === undefined ? undefined : credentialsOfScheme(scheme);
}

/** Returns the credentials of a security scheme. */
export function credentialsOfScheme(scheme: string): Credentials {
  const described = resolve(
    document.components?.securitySchemes?.[scheme] as OpenAPIV3_1.SecuritySchemeObject,
  );
  const description = described.description ?? '';
  return described.type === 'apiKey'
    ? { scheme, header: described.name, prefix: '', description }
    : { scheme, header: 'Authorization', prefix: 'Bearer ', description };
}

function errorCodesOf({ headers = {} }: OpenAPIV3_1.ResponseObject): string[] {
  const header = headers['X-Error-Code'] as OpenAPIV3_1.HeaderObject | undefined;
  return resolve<Schema>((header?.schema ?? {}) as Schema).enum ?? [];
}

function headersOf(headers: OpenAPIV3_1.ResponseObject['headers'] = {}): Field[] {
  return Object.entries(headers).map(([name, reference]) => {
    const header = resolve(reference) as OpenAPIV3_1.HeaderObject;
    return {
      name,
      schema: resolve<Schema>((header.schema ?? {}) as Schema),
      isRequired: header.required ?? false,
      description: header.description ?? '',
    };
  });
}

/** Returns the responses of an operation, in the order of the OpenAPI document. */
export function responsesOf({ operation }: DocumentedOperation): DocumentedResponse[] {
  return Object.entries(operation.responses ?? {}).map(([status, reference]) => {
    const response = resolve(reference) as OpenAPIV3_1.ResponseObject;
    const content = contentOf(response);
    return {
      status,
      description: response.description,
      fields: fieldsOf(content?.schema as Schema | undefined),
      example: content?.example,
      headers: headersOf(response.headers),
      specificHeaders: headersOf(
        Object.fromEntries(
          Object.entries(response.headers ?? {}).filter(([, header]) => !('$ref' in header)),
        ),
      ),
      errorCodes: errorCodesOf(response),
    };
  });
}

/** Returns the schema of the items of an array, or undefined for any other schema. */
const itemsOf = (schema: Schema): Schema | undefined =>
  'items' in schema ? resolve<Schema>(schema.items as Schema) : undefined;

/**
 * Returns the fields of the object that a field contains, or of the objects in its array. Returns
 * no fields if the field contains no objects.
 */
export const nestedFieldsOf = ({ schema }: Field): Field[] => fieldsOf(itemsOf(schema) ?? schema);

/** Returns the type of a schema in words, such as `array of string` or `string (date)`. */
export function typeOf(schema: Schema): string {
  if (schema.anyOf)
    return schema.anyOf.map((choice) => typeOf(resolve<Schema>(choice as Schema))).join(' or ');
  const words = [schema.type ?? 'value'].flat().join(' or ');
  const items = itemsOf(schema);
  if (items) return `${words} of ${typeOf(items)}`;
  return schema.format ? `${words} (${schema.format})` : words;
}

/** A constraint on a value, such as `Length` with the rule `3 <= length <= 100`. */
export interface Constraint {
  readonly label: string;
  readonly rule: string;
}

/** Returns the constraints on a value, in the notation of the published reference page. */
export function constraintsOf(schema: Schema): Constraint[] {
  const { minLength, maxLength, minimum, maximum, pattern, enum: values } = schema;
  const between = (label: string, what: string, low?: number, high?: number) =>
    low === undefined && high === undefined
      ? []
      : [
          {
            label,
            rule: `${low === undefined ? '' : `${low} <= `}${what}${high === undefined ? '' : ` <= ${high}`}`,
          },
        ];
  return [
    ...between('Length', 'length', minLength, maxLength),
    ...between('Range', 'value', minimum, maximum),
    ...(pattern ? [{ label: 'Pattern', rule: pattern }] : []),
    ...(values ? [{ label: 'One of', rule: values.join(', ') }] : []),
  ];
}

/** A section of the guide, in Markdown. */
export interface GuideSection {
  readonly title: string;
  readonly text: string;
}

/**
 * Returns the guide from the description of the OpenAPI document: an introduction, and a section
 * for each heading of the second level.
 */
export function guide(): { introduction: string; sections: GuideSection[] } {
  const [introduction = '', ...sections] = (document.info.description ?? '').split(/^## /m);
  return {
    introduction: introduction.trim(),
    sections: sections.map((section) => {
      const end = section.indexOf('\n');
      return { title: section.slice(0, end).trim(), text: section.slice(end).trim() };
    }),
  };
}

/**
 * Maps the name of a language in the OpenAPI document to its name in the syntax highlighter.
 * Languages whose two names are the same are not listed.
 */
const highlightNames: Readonly<Record<string, string>> = { Shell: 'sh', 'C#': 'csharp' };

/** Returns the syntax highlighter's name for the language of a sample. */
export const highlightName = ({ lang }: CodeSample): string =>
  highlightNames[lang] ?? lang.toLowerCase();
