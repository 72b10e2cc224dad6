import { readFileSync } from 'node:fs';

/** The committed OpenAPI document. */
export const committed = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');

export const document = JSON.parse(committed);

/** POST /api/v1/apikey/request, the operation of the published page. */
export const requestApiKey = document.paths['/api/v1/apikey/request'].post;

/**
 * Returns the target of a reference within the document, or a value that is not a reference
 * unchanged.
 */
export function resolved(value: { $ref?: string }): Record<string, never> {
  return (value.$ref?.split('/').slice(1) ?? []).reduce((node, name) => node[name], document) ?? value;
}
