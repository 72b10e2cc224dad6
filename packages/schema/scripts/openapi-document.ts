import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import {
  type ErrorCode,
  type ErrorStatus,
  errorBody,
  errorBodySchema,
  errorCodeHeader,
  errorCodes,
  errorKinds,
  statusMessages,
} from '../src/errors.ts';
import { publicHosts, publicUrl } from '../src/hosts.ts';
import { idempotencyKeyHeader, idempotencyKeyPattern } from '../src/idempotency-key.ts';
import { apiKeyHeader } from '../src/key-format.ts';
import { integer } from '../src/operations/fields.ts';
import { type Operation, operations } from '../src/operations/index.ts';
import { guide } from './guide.ts';
import { codeSamples } from './samples/index.ts';

const errorCodeOf = (status: ErrorStatus) => errorCodes.filter((code) => errorKinds[code].status === status);

/** What a caller sends, on the operation itself: generators that look nowhere else published samples without the header. */
const securityOf: Record<Operation['security'], Record<string, string[]>[]> = {
  none: [],
  bearer: [{ BearerAuth: [] }],
  apiKey: [{ ApiKeyAuth: [] }],
};

const secondsToWait = integer.optional().meta({
  override: { type: 'integer' },
  description: 'Seconds to wait. Absent when waiting does not help.',
});

const idempotencyKeyParameter = z.object({
  [idempotencyKeyHeader]: z.string().regex(new RegExp(idempotencyKeyPattern)).optional().meta({
    description:
      'Names the request, so that it can be repeated when its answer was lost: within 24 hours the same request gets the same answer.',
    maxLength: 128,
    // No example: tools send examples, and a key that is sent twice names the same request.
  }),
});

/** An error of each status as the service answers it, by code, with the details of the place where they are not the code's. */
const exampleErrors: Record<ErrorStatus, { readonly code: ErrorCode; readonly details?: string }> = {
  400: { code: 'missing_field', details: 'api_key_name: is required' },
  401: { code: 'unauthenticated' },
  403: { code: 'insufficient_scope' },
  404: { code: 'no_such_key' },
  405: { code: 'method_not_allowed' },
  409: { code: 'not_yet_rotatable' },
  422: {
    code: 'invalid_field',
    details: 'api_key_name: must be 3 to 100 characters long (Unicode code points)',
  },
  429: { code: 'rate_limited' },
  431: { code: 'headers_too_large' },
  500: {
    code: 'store_unavailable',
    details: `${errorKinds.store_unavailable.details} Request id: 6f1c1b0e-6a43-4a0e-9a4b-0d8f4a6f5f7e.`,
  },
  503: {
    code: 'verification_unavailable',
    details: `${errorKinds.verification_unavailable.details} Request id: 6f1c1b0e-6a43-4a0e-9a4b-0d8f4a6f5f7e.`,
  },
};

function errorResponse(status: ErrorStatus) {
  return {
    id: `Error${status}`,
    description: statusMessages[status],
    headers: z.object({
      [errorCodeHeader]: z
        .enum(errorCodeOf(status) as [string, ...string[]])
        .meta({ description: 'What is wrong, for programs.' }),
      ...(status === 429 ? { 'Retry-After': secondsToWait } : {}),
      ...(status === 401 ? { 'WWW-Authenticate': z.string().meta({ description: 'RFC 9110, RFC 6750.' }) } : {}),
    }),
    content: {
      'application/json': {
        schema: errorBodySchema(status).meta({ id: `Error${status}Body` }),
        example: errorBody(exampleErrors[status].code, exampleErrors[status].details),
      },
    },
  };
}

function operationObject(operation: Operation, responses: ReadonlyMap<ErrorStatus, ReturnType<typeof errorResponse>>) {
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description,
    security: securityOf[operation.security],
    ...('repeatable' in operation && { requestParams: { header: idempotencyKeyParameter } }),
    ...('body' in operation && {
      requestBody: {
        description: operation.body.description,
        required: true,
        content: { 'application/json': { schema: operation.body.schema, example: operation.body.example } },
      },
    }),
    responses: {
      200: {
        description: operation.success.description,
        content: {
          'application/json': {
            schema: operation.success.schema,
            ...('example' in operation.success && { example: operation.success.example }),
          },
        },
      },
      ...Object.fromEntries(operation.errors.map((status) => [status, responses.get(status)])),
    },
    'x-codeSamples': codeSamples(operation),
  } as ZodOpenApiOperationObject;
}

/** Derives the OpenAPI 3.1 document from the operations. */
function openApiDocument() {
  const statuses = new Set(operations.flatMap((operation) => operation.errors));
  const responses = new Map([...statuses].map((status) => [status, errorResponse(status)]));
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation, responses) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Andamio API',
      version: '1.2.0',
      description: guide(),
      license: { name: 'Proprietary', url: publicUrl(publicHosts.prod) },
    },
    servers: [
      { url: publicUrl(publicHosts.prod), description: 'Production' },
      { url: publicUrl(publicHosts.preprod), description: 'Pre-production' },
    ],
    tags: [
      { name: 'API Key', description: 'Keys by which programs call the platform.' },
      { name: 'User', description: 'What the platform knows of its user.' },
      { name: 'Documentation', description: 'This API described.' },
    ],
    paths,
    components: {
      securitySchemes: {
        BearerAuth: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'Bearer token for authentication. Type "Bearer" followed by a space and JWT token. Example: "Bearer YOUR_JWT_TOKEN"',
        },
        ApiKeyAuth: {
          type: 'apiKey',
          in: 'header',
          name: apiKeyHeader,
          description: 'An API key as it was issued. Example: "YOUR_API_KEY"',
        },
      },
    },
  });
}

/** The document as it stands in `openapi.json`. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}
