import type { ErrorStatus } from '@andamio/schema/errors';
import type { Credentials, OperationFacts, Repeats } from '../src/operation.ts';

interface Schema {
  readonly $ref?: string;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly $ref?: string;
  readonly in?: string;
  readonly name?: string;
}

interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
  readonly responses: {
    readonly '200': { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  };
}

/** What is read of the OpenAPI document. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

/** What the OpenAPI document does not say of an operation: its name in the contract's source, and whether it only reads. */
export interface NamedOperation {
  readonly name: string;
  readonly id: string;
  readonly permission?: string;
}

/** The contract as the module is written from it. */
export interface Contract {
  readonly document: OpenApiDocument;
  readonly operations: readonly NamedOperation[];
  readonly errorStatuses: Readonly<Record<string, ErrorStatus>>;
}

/** The operations among the exports of the contract's module, by the names they are exported with. */
export function namedOperations(
  exported: Readonly<Record<string, unknown>>,
  published: readonly { readonly id: string }[],
): readonly NamedOperation[] {
  return published.map((operation) => {
    const name = Object.keys(exported).find((key) => exported[key] === operation);
    if (name === undefined) throw new Error(`Operation ${operation.id} is published, but not exported.`);
    return { name, ...operation };
  });
}

function resolved<Value extends { readonly $ref?: string }>(document: OpenApiDocument, value: Value): Value {
  if (value.$ref === undefined) return value;
  const path = value.$ref.split('/').slice(1);
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], document) as Value;
}

function repeatsOf(
  document: OpenApiDocument,
  method: string,
  declared: OpenApiOperation,
  permission?: string,
): Repeats {
  if (method === 'get' || permission === 'apikey:read') return 'freely';
  const parameters = (declared.parameters ?? []).map((parameter) => resolved(document, parameter));
  const isKey = ({ in: place, name }: Parameter) => place === 'header' && name?.toLowerCase() === 'idempotency-key';
  return parameters.some(isKey) ? 'by-key' : 'never';
}

const credentialsOf: Readonly<Record<string, Credentials>> = { BearerAuth: 'token', ApiKeyAuth: 'key' };

function credentials({ operationId, security }: OpenApiOperation): Credentials {
  const [scheme, ...more] = security.flatMap((requirement) => Object.keys(requirement));
  if (scheme === undefined) return 'none';
  const known = more.length === 0 ? credentialsOf[scheme] : undefined;
  if (known === undefined) throw new Error(`${operationId}: the client knows BearerAuth or ApiKeyAuth by itself only.`);
  return known;
}

function find(document: OpenApiDocument, id: string) {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, declared] of Object.entries(methods)) {
      if (declared.operationId === id) return { path, method, declared };
    }
  }
  throw new Error(`Operation ${id} is not in the OpenAPI document.`);
}

/** What the client has to know of an operation, and its summary. */
export function operationFacts(document: OpenApiDocument, { id, permission }: NamedOperation) {
  const { path, method, declared } = find(document, id);
  const answer = resolved(document, declared.responses['200'].content['application/json'].schema);
  const facts: OperationFacts = {
    method: method.toUpperCase() as OperationFacts['method'],
    path,
    credentials: credentials(declared),
    body: declared.requestBody !== undefined,
    repeats: repeatsOf(document, method, declared, permission),
    members: answer.required ?? [],
  };
  return { facts, summary: declared.summary };
}

/** A literal as the formatter writes it: a list that does not fit into a line has a line for each item. */
function literal(value: unknown, room: number): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? `'${value}'` : String(value);
  const items = value.map((item) => literal(item, room));
  const line = `[${items.join(', ')}]`;
  return line.length <= room ? line : `[\n${items.map((item) => `      ${item},\n`).join('')}    ]`;
}

function operationRow(document: OpenApiDocument, operation: NamedOperation): string {
  const { facts, summary } = operationFacts(document, operation);
  const rows = Object.entries(facts).map(([key, value]) => `    ${key}: ${literal(value, 120 - key.length - 7)},`);
  return [`  /** ${summary}: ${facts.method} ${facts.path}. */`, `  ${operation.name}: {`, ...rows, '  },'].join('\n');
}

/** The text of `src/generated/contract.ts`. */
export function contractModule({ document, operations, errorStatuses }: Contract): string {
  return `// Written by \`npx pnpm@12 generate\` from the contract in packages/schema: change that instead.
import type { ErrorCode } from '@andamio/schema/errors';
import type { OperationFacts } from '../operation.ts';

/** The published operations. Each is a method of the client. */
export const operations = {
${operations.map((operation) => operationRow(document, operation)).join('\n')}
} as const satisfies Record<string, OperationFacts>;

/** The status that each code of \`X-Error-Code\` comes with. */
export const errorStatuses = {
${Object.entries(errorStatuses)
  .map(([code, status]) => `  ${code}: ${status},`)
  .join('\n')}
} as const satisfies Record<ErrorCode, number>;
`;
}
