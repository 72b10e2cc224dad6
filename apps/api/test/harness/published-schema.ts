import { readFileSync } from 'node:fs';
import type { Operation } from '@andamio/schema/operations';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

const document = 'openapi.json';
const schemas = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(schemas);
schemas.addSchema(
  JSON.parse(
    readFileSync(new URL('../../../../packages/schema/openapi.json', import.meta.url), 'utf8'),
  ),
  document,
);

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
    `${document}#${response}${pointer('content', 'application/json', 'schema')}`,
  );
  if (validate === undefined) throw new Error(`${method} ${path} has no schema.`);
  validate(body);
  expect(validate.errors ?? [], `${method} ${path}`).toEqual([]);
}
