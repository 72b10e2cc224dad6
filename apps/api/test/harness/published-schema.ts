import { readFileSync } from 'node:fs';
import type { Operation } from '@andamio/schema/operations';
import type { Answer } from '@andamio/testing/service-requests';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

const document = JSON.parse(
  readFileSync(new URL('../../../../packages/schema/openapi.json', import.meta.url), 'utf8'),
);
const schemas = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(schemas);
schemas.addSchema(document, 'openapi.json');

const pointer = (...names: readonly (string | number)[]) =>
  names.map((name) => `/${`${name}`.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/**
 * Asserts that the body of a successful response has exactly the fields that the OpenAPI document
 * describes, at every depth.
 */
export function expectPublishedSuccess(
  { method, path, success }: Pick<Operation, 'method' | 'path' | 'success'>,
  body: unknown,
): void {
  const response = pointer('paths', path, method, 'responses', success.status ?? 200);
  const validate = schemas.getSchema(
    `openapi.json#${response}${pointer('content', 'application/json', 'schema')}`,
  );
  if (validate === undefined) throw new Error(`${method} ${path} has no schema.`);
  validate(body);
  expect(validate.errors ?? [], `${method} ${path}`).toEqual([]);
}

/** Returns the target of a `$ref` within the document. Returns any other value unchanged. */
function resolved<Value extends object>(value: Value & { readonly $ref?: string }): Value {
  const names = value.$ref?.split('/').slice(1);
  return names?.reduce((node, name) => node[name], document) ?? value;
}

/**
 * Asserts that a response has all headers that the OpenAPI document describes, with values of the
 * described types. Only `Retry-After` may be absent.
 */
export function expectPublishedHeaders(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
): void {
  interface Header {
    readonly schema: { readonly type: string };
  }
  const response: { headers: Record<string, Header> } = resolved(
    document.paths[path][method].responses[status],
  );
  for (const [name, described] of Object.entries(response.headers)) {
    const { schema } = resolved(described);
    const value = headers.get(name);
    if (value === null && name === 'Retry-After') continue;
    const isPublished =
      value !== null && schemas.validate(schema, schema.type === 'integer' ? Number(value) : value);
    expect(isPublished, `${status} of ${method} ${path}: ${name}: ${value}`).toBe(true);
  }
}
