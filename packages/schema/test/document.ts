import { readFileSync } from 'node:fs';

/** The OpenAPI document as it is in the repository. */
export const committed = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');

export const document = JSON.parse(committed);

/** POST /api/v1/apikey/request: what is published is this. */
export const requestApiKey = document.paths['/api/v1/apikey/request'].post;

/** What a reference within the document leads to; anything else as it is. */
export function resolved(value: { $ref?: string }): Record<string, never> {
  return (value.$ref?.split('/').slice(1) ?? []).reduce((node, name) => node[name], document) ?? value;
}
