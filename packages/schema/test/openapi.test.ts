import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openApiText } from '../scripts/openapi-document.ts';

const committed = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
const document = JSON.parse(committed);
const operation = document.paths['/api/v1/apikey/request'].post;

function resolved(value: { $ref?: string }): Record<string, never> {
  return (value.$ref?.split('/').slice(1) ?? []).reduce((node, name) => node[name], document) ?? value;
}

describe('openapi.json', () => {
  test('is what the operations say (if not: npx pnpm@12 generate)', () => {
    expect(committed).toBe(openApiText());
  });

  test('names the operation as published', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operation).toMatchObject({
      operationId: 'request-api-key-auth',
      tags: ['API Key'],
      summary: 'Request a New API Key',
    });
    expect(document.servers[0].url).toBe('https://andamio-api-308006323670.us-central1.run.app');
  });

  test('asks for the bearer token on the operation itself', () => {
    expect(operation.security).toEqual([{ BearerAuth: [] }]);
    expect(document.components.securitySchemes.BearerAuth).toMatchObject({ type: 'http', scheme: 'bearer' });
  });

  test('has the body as published', () => {
    const { schema, example } = operation.requestBody.content['application/json'];
    expect(operation.requestBody.required).toBe(true);
    expect(example).toEqual({ api_key_name: 'MyFirstKey' });
    expect(resolved(schema)).toMatchObject({
      required: ['api_key_name'],
      properties: {
        api_key_name: { type: 'string', minLength: 3, maxLength: 100 },
        expires_in_days: { type: 'integer', minimum: 1, default: 365, examples: [365] },
      },
    });
    expect(resolved(schema)['additionalProperties'], 'unknown fields are ignored').toBeUndefined();
  });

  test('has the six fields of the answer as published', () => {
    const { schema, example } = operation.responses[200].content['application/json'];
    expect(resolved(schema)).toMatchObject({
      required: ['api_key', 'created_at', 'expires_at', 'expires_in_days', 'is_active', 'name'],
      properties: {
        api_key: { pattern: '^ant-[0-9A-Za-z]{40}$' },
        created_at: { type: 'string', format: 'date-time' },
        expires_at: { type: 'string', format: 'date-time' },
        expires_in_days: { type: 'integer' },
        is_active: { type: 'boolean' },
        name: { type: 'string' },
      },
    });
    expect(example).toEqual({
      api_key: 'ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
      expires_in_days: 365,
      is_active: true,
      name: 'MyFirstKey',
    });
  });

  test.each([
    [400, 'Bad Request: Invalid input.'],
    [401, 'Unauthorized: Invalid or missing credentials.'],
    [403, 'Forbidden: Insufficient permissions or tier access.'],
    [422, 'Unprocessable Entity: Invalid request structure or data.'],
    [429, 'Too Many Requests: Rate limit or quota exceeded.'],
    [500, 'Internal Server Error: An unexpected error occurred.'],
  ])('has the error %i with its message to the letter, as published', (status, message) => {
    const response = resolved(operation.responses[status]) as never as {
      content: { 'application/json': { schema: { $ref: string }; example: unknown } };
    };
    const { schema, example } = response.content['application/json'];
    expect(example).toEqual({ details: 'string', message, statusCode: status });
    expect(resolved(schema)).toMatchObject({
      required: ['details', 'message', 'statusCode'],
      properties: { message: { const: message }, statusCode: { const: status } },
    });
  });

  test.each([
    [400, ['invalid_body', 'body_too_large', 'missing_field', 'malformed_request']],
    [401, ['unauthenticated']],
    [403, ['unknown_tier', 'insufficient_scope']],
    [422, ['invalid_field', 'expiry_too_late', 'name_taken']],
    [429, ['rate_limited', 'key_limit_reached']],
    [500, ['internal', 'store_unavailable', 'outcome_unknown', 'signing_keys_unavailable']],
  ])('says with which words in X-Error-Code %i is told apart', (status, codes) => {
    const { headers } = resolved(operation.responses[status]) as never as {
      headers: Record<string, { schema: { enum?: string[] } }>;
    };
    expect(headers['X-Error-Code']?.schema.enum).toEqual(codes);
    expect('WWW-Authenticate' in headers).toBe(status === 401);
    expect('Retry-After' in headers).toBe(status === 429);
  });

  test('follows every reference, and gives every operation an id of its own', () => {
    const references = committed.match(/(?<="\$ref": ")[^"]+/g) ?? [];
    expect(references.length).toBeGreaterThan(0);
    for (const $ref of references) expect(resolved({ $ref }), $ref).toBeTypeOf('object');
    const ids = committed.match(/(?<="operationId": ")[^"]+/g) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('needs no credentials for itself', () => {
    expect(document.paths['/api/v1/docs/doc.json'].get.security).toEqual([]);
  });

  test('has no other statuses', () => {
    expect(Object.keys(operation.responses)).toEqual(['200', '400', '401', '403', '422', '429', '500']);
  });

  describe.each([
    ['/api/v1/apikey/rotate', ['200', '400', '401', '403', '404', '409', '422', '429', '500']],
    ['/api/v1/apikey/delete', ['200', '400', '401', '403', '404', '422', '429', '500']],
  ])('%s', (path, statuses) => {
    const { post } = document.paths[path];

    test('takes the token and a body that names the key', () => {
      expect(post.security).toEqual([{ BearerAuth: [] }]);
      const { schema } = post.requestBody.content['application/json'];
      expect(resolved(schema)).toMatchObject({ required: ['api_key_name'] });
    });

    test('answers with a confirmation, and with its statuses and no others', () => {
      expect(Object.keys(post.responses)).toEqual(statuses);
      const { schema } = post.responses[200].content['application/json'];
      expect(resolved(schema)).toMatchObject({ required: ['confirmation'] });
      expect(Object.keys(resolved(schema)['properties'] ?? {})).toEqual(['confirmation']);
    });
  });

  test('rotate takes days of its own, and has no default but the number of the key', () => {
    const { schema } = document.paths['/api/v1/apikey/rotate'].post.requestBody.content['application/json'];
    const days = (resolved(schema)['properties'] as unknown as Record<string, object>)['expires_in_days'];
    expect(days).toMatchObject({ type: 'integer', minimum: 1 });
    expect(days).not.toHaveProperty('default');
  });

  test('user/me takes the token and no body, and lists keys in the fields of a new one, masked', () => {
    const { get } = document.paths['/api/v1/user/me'];
    expect(get.security).toEqual([{ BearerAuth: [] }]);
    expect(get).not.toHaveProperty('requestBody');
    expect(Object.keys(get.responses)).toEqual(['200', '401', '403', '429', '500']);
    const user = resolved(get.responses[200].content['application/json'].schema) as Record<string, unknown>;
    expect(user['required']).toEqual(['user_id', 'alias', 'tier', 'created_at', 'active_keys', 'expired_keys']);
    const listed = resolved((user['properties'] as { active_keys: { items: object } }).active_keys.items);
    expect(listed).toMatchObject({
      required: ['api_key', 'created_at', 'expires_at', 'expires_in_days', 'is_active', 'name'],
      properties: { api_key: { pattern: '^ant-[0-9A-Za-z]{4}x{36}$' } },
    });
  });

  test.each([
    [404, ['not_found', 'no_such_key']],
    [409, ['not_yet_rotatable', 'key_expired']],
  ])('says with which words in X-Error-Code %i is told apart', (status, codes) => {
    const response = document.components.responses[`Error${status}`];
    expect(response.headers['X-Error-Code'].schema.enum).toEqual(codes);
  });
});
