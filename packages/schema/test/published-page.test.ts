import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
const operation = document.paths['/api/v1/apikey/request'].post;
const body = document.components.schemas.RequestApiKeyBody;

/** What the published page says of the endpoint, to the letter, beside where the document says it. */
const facts: readonly (readonly [fact: string, published: unknown, documented: unknown])[] = [
  ['operation', 'request-api-key-auth', operation.operationId],
  ['title', 'Request a New API Key', operation.summary],
  ['tag', ['API Key'], operation.tags],
  [
    'what it does',
    'This endpoint generates and returns a new API key for the authenticated user. The new key can be used for subsequent API requests.',
    operation.description,
  ],
  [
    'hint of the authorization',
    'Bearer token for authentication. Type "Bearer" followed by a space and JWT token. Example: "Bearer YOUR_JWT_TOKEN"',
    document.components.securitySchemes.BearerAuth.description,
  ],
  ['authorization of the operation', [{ BearerAuth: [] }], operation.security],
  [
    'what the body is',
    'Contains details for the new API key, such as its name and expiration duration.',
    operation.requestBody.description,
  ],
  ['type of api_key_name', 'string', body.properties.api_key_name.type],
  ['least length', 3, body.properties.api_key_name.minLength],
  ['greatest length', 100, body.properties.api_key_name.maxLength],
  ['type of expires_in_days', 'integer', body.properties.expires_in_days.type],
  ['least expires_in_days', 1, body.properties.expires_in_days.minimum],
  ['what must be sent', ['api_key_name'], body.required],
  ['example of the body', { api_key_name: 'MyFirstKey' }, operation.requestBody.content['application/json'].example],
  [
    'example of the answer',
    {
      api_key: 'ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      created_at: '2025-08-31T23:59:59Z',
      expires_at: '2026-08-31T23:59:59Z',
      expires_in_days: 365,
      is_active: true,
      name: 'MyFirstKey',
    },
    operation.responses[200].content['application/json'].example,
  ],
  ['statuses', ['200', '400', '401', '403', '422', '429', '500'], Object.keys(operation.responses)],
  [
    'languages',
    ['curl', 'JavaScript', 'Go', 'Python', 'Java', 'C#'],
    operation['x-codeSamples'].map(({ label }: { label: string }) => label),
  ],
];

const errors: readonly (readonly [statusCode: number, message: string])[] = [
  [400, 'Bad Request: Invalid input.'],
  [401, 'Unauthorized: Invalid or missing credentials.'],
  [403, 'Forbidden: Insufficient permissions or tier access.'],
  [422, 'Unprocessable Entity: Invalid request structure or data.'],
  [429, 'Too Many Requests: Rate limit or quota exceeded.'],
  [500, 'Internal Server Error: An unexpected error occurred.'],
];

describe('every fact of the published page stands in the document', () => {
  test.each(facts)('%s', (_, published, documented) => expect(documented).toEqual(published));

  test.each(errors)('the body of %i', (statusCode, message) => {
    const [, , , name] = operation.responses[statusCode].$ref.split('/');
    const { example } = document.components.responses[name].content['application/json'];
    expect(example).toEqual({ details: 'string', message, statusCode });
  });
});
