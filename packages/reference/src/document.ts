import openapi from '@andamio/schema/openapi.json' with { type: 'json' };
import type { OpenAPIV3_1 } from 'openapi-types';

/** The OpenAPI document that the reference is generated from. */
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
interface CodeSample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
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
