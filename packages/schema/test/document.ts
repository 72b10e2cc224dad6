import { readFileSync } from 'node:fs';

/** The committed OpenAPI document, as text. */
export const committed = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');

export const document = JSON.parse(committed);

/** POST /api/v1/apikey/request, the only operation on the published reference page. */
export const requestApiKey = document.paths['/api/v1/apikey/request'].post;

/** Returns the target of a `$ref` within the document. Returns any other value unchanged. */
export function resolved(value: { $ref?: string }): Record<string, never> {
  const names = value.$ref?.split('/').slice(1);
  return names?.reduce((node, name) => node[name], document) ?? value;
}
