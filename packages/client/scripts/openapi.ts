/** A JSON Schema, limited to the keywords that the client generator reads. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number;
  readonly enum?: readonly (string | number)[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | object;
}

export interface Parameter {
  readonly $ref?: string;
  readonly in?: string;
  readonly name?: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

interface JsonContent {
  readonly content: { readonly 'application/json': { readonly schema: Schema } };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: JsonContent;
  readonly responses: Readonly<Partial<Record<'200' | '202', JsonContent>>>;
}

/** The parts of the OpenAPI document that the client generator reads. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Returns the value, or the value that it refers to with `$ref`. */
export function resolved<Value extends { readonly $ref?: string }>(
  document: OpenApiDocument,
  value: Value,
): Value {
  if (value.$ref === undefined) return value;
  const path = value.$ref.split('/').slice(1);
  return path.reduce<unknown>(
    (node, key) => (node as Record<string, unknown>)[key],
    document,
  ) as Value;
}

/**
 * Returns an object schema whose properties are the operation's query parameters. Returns undefined
 * if the operation has no query parameters.
 */
export function querySchema(
  document: OpenApiDocument,
  { parameters = [] }: OpenApiOperation,
): Schema | undefined {
  const all = parameters
    .map((parameter) => resolved(document, parameter))
    .filter((parameter) => parameter.in === 'query');
  if (all.length === 0) return undefined;
  const nameOf = ({ name = '' }: Parameter) => name;
  return {
    type: 'object',
    properties: Object.fromEntries(
      all.map((one) => [nameOf(one), { description: one.description ?? '', ...one.schema }]),
    ),
    required: all.filter(({ required }) => required === true).map(nameOf),
  };
}

/** Returns the schema of an operation's successful response. */
export function successSchema({ operationId, responses }: OpenApiOperation): Schema {
  const success = responses['200'] ?? responses['202'];
  if (success === undefined) throw new Error(`${operationId} has no successful response.`);
  return success.content['application/json'].schema;
}

/** Returns the operation with the given id, and its path and method. */
export function findOperation(document: OpenApiDocument, id: string) {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, declared] of Object.entries(methods)) {
      if (declared.operationId === id) return { path, method, declared };
    }
  }
  throw new Error(`Operation ${id} is not in the OpenAPI document.`);
}
