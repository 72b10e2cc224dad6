import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ErrorStatus } from '@andamio/schema/errors';
import type { Credentials, OperationDescriptor, RetryPolicy } from '../src/operation.ts';

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
    readonly '200': {
      readonly content: { readonly 'application/json': { readonly schema: Schema } };
    };
  };
}

/** The parts of the OpenAPI document that the generator reads. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

/**
 * An operation's export name, and the permission that it requires. The OpenAPI document contains
 * neither.
 */
export interface NamedOperation {
  readonly name: string;
  readonly id: string;
  readonly permission?: string;
}

/** The input of the client generator. */
export interface Contract {
  readonly document: OpenApiDocument;
  readonly operations: readonly NamedOperation[];
  readonly errorStatuses: Readonly<Record<string, ErrorStatus>>;
}

/** Returns the published operations, each with the name under which packages/schema exports it. */
export function namedOperations(
  exported: Readonly<Record<string, unknown>>,
  published: readonly { readonly id: string }[],
): readonly NamedOperation[] {
  return published.map((operation) => {
    const name = Object.keys(exported).find((key) => exported[key] === operation);
    if (name === undefined)
      throw new Error(`Operation ${operation.id} is published but not exported.`);
    return { name, ...operation };
  });
}

function resolved<Value extends { readonly $ref?: string }>(
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

function retryPolicyOf(
  document: OpenApiDocument,
  method: string,
  declared: OpenApiOperation,
  permission?: string,
): RetryPolicy {
  if (method === 'get' || permission === 'apikey:read') return 'always';
  const parameters = (declared.parameters ?? []).map((parameter) => resolved(document, parameter));
  const isKey = ({ in: place, name }: Parameter) =>
    place === 'header' && name?.toLowerCase() === 'idempotency-key';
  return parameters.some(isKey) ? 'with-key' : 'never';
}

const credentialsOf: Readonly<Record<string, Credentials>> = {
  BearerAuth: 'token',
  ApiKeyAuth: 'key',
};

function credentials({ operationId, security }: OpenApiOperation): Credentials {
  const [scheme, ...more] = security.flatMap((requirement) => Object.keys(requirement));
  if (scheme === undefined) return 'none';
  const known = more.length === 0 ? credentialsOf[scheme] : undefined;
  if (known === undefined)
    throw new Error(
      `${operationId}: the client supports only a single scheme, BearerAuth or ApiKeyAuth.`,
    );
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

/** Returns the client's descriptor of an operation, and the operation's summary. */
export function describeOperation(document: OpenApiDocument, { id, permission }: NamedOperation) {
  const { path, method, declared } = find(document, id);
  const answer = resolved(document, declared.responses['200'].content['application/json'].schema);
  const facts: OperationDescriptor = {
    method: method.toUpperCase() as OperationDescriptor['method'],
    path,
    credentials: credentials(declared),
    body: declared.requestBody !== undefined,
    retryPolicy: retryPolicyOf(document, method, declared, permission),
    requiredFields: answer.required ?? [],
  };
  return { facts, summary: declared.summary };
}

function operationRow(document: OpenApiDocument, operation: NamedOperation): string {
  const { facts, summary } = describeOperation(document, operation);
  return `
    /** ${summary}: ${facts.method} ${facts.path}. */
    ${operation.name}: ${JSON.stringify(facts, null, 2)},`;
}

/** Formats TypeScript source as Biome does everywhere in the repository. */
function formatted(source: string): string {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const options = ['format', '--stdin-file-path=packages/client/src/generated/contract.ts'];
  return execFileSync(process.execPath, [biome, ...options], {
    input: source,
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
}

/** Returns the content of `src/generated/contract.ts`. */
export function contractModule({ document, operations, errorStatuses }: Contract): string {
  return formatted(`// Generated by \`npx pnpm@12 generate\` from the contract in packages/schema. Do not edit.
import type { ErrorCode } from '@andamio/schema/errors';
import type { OperationDescriptor } from '../operation.ts';

/** The published operations, each of which is a method of the client. */
export const operations = {
  ${operations.map((operation) => operationRow(document, operation)).join('')}
} as const satisfies Record<string, OperationDescriptor>;

/** The HTTP status of each \`X-Error-Code\`. */
export const errorStatuses = ${JSON.stringify(errorStatuses, null, 2)} as const satisfies Record<ErrorCode, number>;
`);
}
