import { describe, expect, test } from 'vitest';
import { document, requestApiKey as operation, resolved } from './document.ts';

/**
 * Texts of the published reference page, each with the corresponding text of the OpenAPI document.
 */
const texts: readonly (readonly [part: string, published: unknown, documented: unknown])[] = [
  [
    'description of the operation',
    'This endpoint generates and returns a new API key for the authenticated user. The new key can be used for subsequent API requests.',
    operation.description,
  ],
  [
    'description of the authorization',
    'Bearer token for authentication. Type "Bearer" followed by a space and JWT token. Example: "Bearer YOUR_JWT_TOKEN"',
    document.components.securitySchemes.BearerAuth.description,
  ],
  [
    'description of the body',
    'Contains details for the new API key, such as its name and expiration duration.',
    operation.requestBody.description,
  ],
  [
    'languages of the samples',
    ['curl', 'JavaScript', 'Go', 'Python', 'Java', 'C#'],
    operation['x-codeSamples'].map(({ label }: { label: string }) => label),
  ],
];

describe('the document and the published page', () => {
  test.each(texts)('the document and the published page agree on: %s', (_, published, documented) =>
    expect(documented).toEqual(published),
  );

  test('the operation has its published id, tag, summary and host', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operation).toMatchObject({
      operationId: 'request-api-key-auth',
      tags: ['API Key'],
      summary: 'Request a New API Key',
    });
    expect(document.servers[0].url).toBe('https://andamio-api-308006323670.us-central1.run.app');
  });

  test('the operation itself requires the bearer token', () => {
    expect(operation.security).toEqual([{ BearerAuth: [] }]);
    expect(document.components.securitySchemes.BearerAuth).toMatchObject({
      type: 'http',
      scheme: 'bearer',
    });
  });

  test('the request body has the published fields', () => {
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

  test('the response has the six published fields', () => {
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
  ])('status %i has its published message, verbatim', (status, message) => {
    const response = resolved(operation.responses[status]) as never as {
      content: { 'application/json': { schema: { $ref: string }; example: unknown } };
    };
    const { schema, example } = response.content['application/json'];
    expect(example).toEqual({ details: expect.any(String), message, statusCode: status });
    expect(resolved(schema)).toMatchObject({
      required: ['details', 'message', 'statusCode'],
      properties: { message: { const: message }, statusCode: { const: status } },
    });
  });

  test('the operation has no unpublished statuses', () => {
    expect(Object.keys(operation.responses)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '422',
      '429',
      '500',
    ]);
  });
});
