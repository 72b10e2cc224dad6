import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import {
  type ErrorCode,
  type ErrorStatus,
  errorBody,
  errorBodySchema,
  errorCodeHeader,
  errorCodes,
  errorKinds,
  oauthErrorOf,
  oauthErrors,
  statusMessages,
} from '../src/errors.ts';
import { publicHosts, publicUrl } from '../src/hosts.ts';
import { idempotencyKeyHeader, idempotencyKeyPattern } from '../src/idempotency-key.ts';
import { apiKeyHeader } from '../src/key-format.ts';
import { integer } from '../src/operations/fields.ts';
import { type Operation, operations } from '../src/operations/index.ts';
import { requestIdHeader, requestIdPattern } from '../src/request-id.ts';
import { guide } from './guide.ts';
import { codeSamples } from './samples/index.ts';

/** Reports whether an error code is sent only by operations with `oauthErrors`. */
const isOAuthOnly = (code: ErrorCode) => oauthErrorOf(code) === code;

const errorCodesOf = (status: ErrorStatus, oauth: boolean) =>
  errorCodes.filter((code) => errorKinds[code].status === status && (oauth || !isOAuthOnly(code)));

/**
 * The security requirement of each kind of operation. Every operation declares its own requirement,
 * because some generators ignore a document-wide declaration and omit the authentication header
 * from their samples.
 */
const securityOf: Record<Operation['security'], Record<string, string[]>[]> = {
  none: [],
  bearer: [{ BearerAuth: [] }],
  apiKey: [{ ApiKeyAuth: [] }],
};

const secondsToWait = integer.optional().meta({
  override: { type: 'integer' },
  description: 'Seconds to wait before retrying. Absent if waiting does not help.',
});

/** Returns the schema of a response header that the document describes once, as a component. */
function sharedHeader(id: string, schema: z.ZodType, description: string) {
  return schema.optional().meta({ header: { id }, description });
}

/**
 * The headers of every successful response. The document declares them optional, because two kinds
 * of error responses lack them: responses to requests that are not well-formed HTTP, and responses
 * sent before a rate limit was counted.
 */
const sharedHeaders = {
  [requestIdHeader]: sharedHeader(
    'RequestId',
    z.string().regex(new RegExp(requestIdPattern)),
    'The id of the request, for questions to the operator. A request can bring its own.',
  ),
  'X-RateLimit-Limit': sharedHeader('RateLimitLimit', integer, 'Requests allowed per minute.'),
  'X-RateLimit-Remaining': sharedHeader(
    'RateLimitRemaining',
    integer,
    'Requests left in the current minute.',
  ),
  'X-RateLimit-Reset': sharedHeader(
    'RateLimitReset',
    integer,
    'Time at which the current minute ends, in Unix seconds.',
  ),
};

const idempotencyKeyParameter = z.object({
  [idempotencyKeyHeader]: z.string().regex(new RegExp(idempotencyKeyPattern)).optional().meta({
    description:
      'Identifies the request so that it can be retried safely. Within 24 hours, the same request gets the same response.',
    maxLength: 128,
    // There is no example, because tools would send it with every request. The service treats
    // requests with the same Idempotency-Key as one request.
  }),
});

/**
 * An example error for each status. `details` is set only if the example has a more specific text
 * than the default of its error code.
 */
const exampleErrors: Record<ErrorStatus, { readonly code: ErrorCode; readonly details?: string }> =
  {
    400: { code: 'missing_field', details: 'api_key_name is required.' },
    401: { code: 'unauthenticated' },
    403: { code: 'insufficient_scope' },
    404: { code: 'no_such_key' },
    405: { code: 'method_not_allowed' },
    409: { code: 'not_yet_rotatable' },
    422: {
      code: 'invalid_field',
      details: 'api_key_name must be 3 to 100 characters long (Unicode code points).',
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

/** Returns the schema and an example of the error body for a status. */
function errorContent(status: ErrorStatus) {
  return {
    schema: errorBodySchema(status).meta({ id: `Error${status}Body` }),
    example: errorBody(exampleErrors[status].code, exampleErrors[status].details),
  };
}

/** Does the same as {@link errorContent}, but for operations with `oauthErrors`. */
function oauthErrorContent(status: ErrorStatus) {
  const { code, details } =
    status === 400
      ? { code: 'authorization_pending' as const, details: undefined }
      : exampleErrors[status];
  const error = z.enum(oauthErrors).optional().meta({
    description:
      'The error in the words of RFC 6749 section 5.2 and RFC 8628 section 3.5. Absent if the service failed.',
  });
  return {
    schema: errorBodySchema(status)
      .extend({ error })
      .meta({ id: `OAuthError${status}Body` }),
    example: { ...errorBody(code, details), error: oauthErrorOf(code) },
  };
}

function errorResponse(status: ErrorStatus, oauth: boolean) {
  return {
    id: `${oauth ? 'OAuth' : ''}Error${status}`,
    description: statusMessages[status],
    headers: z.object({
      ...sharedHeaders,
      [errorCodeHeader]: z
        .enum(errorCodesOf(status, oauth) as [string, ...string[]])
        .meta({ description: 'Machine-readable error code.' }),
      ...(status === 429 ? { 'Retry-After': secondsToWait } : {}),
      ...(status === 401
        ? {
            'WWW-Authenticate': z
              .string()
              .meta({ description: 'Authentication scheme (RFC 9110, RFC 6750).' }),
          }
        : {}),
    }),
    content: {
      'application/json': oauth ? oauthErrorContent(status) : errorContent(status),
    },
  };
}

type Responses = (status: ErrorStatus, oauth: boolean) => ReturnType<typeof errorResponse>;

function operationObject(operation: Operation, responses: Responses) {
  const oauth = 'oauthErrors' in operation;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description,
    security: securityOf[operation.security],
    ...('repeatable' in operation && { requestParams: { header: idempotencyKeyParameter } }),
    ...('query' in operation && { requestParams: { query: operation.query } }),
    ...('body' in operation && {
      requestBody: {
        description: operation.body.description,
        required: true,
        content: {
          'application/json': { schema: operation.body.schema, example: operation.body.example },
        },
      },
    }),
    responses: {
      [operation.success.status ?? 200]: {
        description: operation.success.description,
        headers: z.object({
          ...sharedHeaders,
          ...('headers' in operation.success && operation.success.headers.shape),
        }),
        content: {
          'application/json': {
            schema: operation.success.schema,
            ...('example' in operation.success && { example: operation.success.example }),
          },
        },
      },
      ...Object.fromEntries(operation.errors.map((status) => [status, responses(status, oauth)])),
    },
    'x-codeSamples': codeSamples(operation),
  } as ZodOpenApiOperationObject;
}

/** Builds the OpenAPI 3.1 document from the operations. */
function openApiDocument() {
  const created = new Map<string, ReturnType<typeof errorResponse>>();
  // Each response is created once, so that operations refer to the same component.
  const responses: Responses = (status, oauth) => {
    const response = created.get(`${status} ${oauth}`) ?? errorResponse(status, oauth);
    created.set(`${status} ${oauth}`, response);
    return response;
  };
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation, responses),
    };
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
      {
        name: 'API Key',
        description: 'Manage and verify the API keys with which programs call the platform.',
      },
      {
        name: 'Device Login',
        description:
          'Give a key to a program on a machine without a browser, if the operator enabled it.',
      },
      { name: 'User', description: 'The authenticated user, their keys and their usage.' },
      { name: 'Documentation', description: 'The description of this API.' },
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
          description: 'An API key, exactly as issued. Example: "YOUR_API_KEY"',
        },
      },
    },
  });
}

/** Returns the content of `openapi.json`. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}
