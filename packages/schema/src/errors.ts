import * as z from 'zod';

/**
 * The exact `message` for each status (contract, parts A and C). Clients compare these strings, so
 * changing one breaks clients. The contract specifies all of them except the message for 431.
 */
export const statusMessages = {
  400: 'Bad Request: Invalid input.',
  401: 'Unauthorized: Invalid or missing credentials.',
  403: 'Forbidden: Insufficient permissions or tier access.',
  404: 'Not Found: The requested resource does not exist.',
  405: 'Method Not Allowed: This method is not supported here.',
  409: 'Conflict: The request conflicts with the current state.',
  422: 'Unprocessable Entity: Invalid request structure or data.',
  429: 'Too Many Requests: Rate limit or quota exceeded.',
  431: 'Request Header Fields Too Large: The headers exceed the accepted size.',
  500: 'Internal Server Error: An unexpected error occurred.',
  503: 'Service Unavailable: Please try again later.',
} as const;

/** The HTTP status of an error response. */
export type ErrorStatus = keyof typeof statusMessages;

interface ErrorKind {
  readonly status: ErrorStatus;
  /** The `details` field of errors without a more specific text. */
  readonly details: string;
}

/**
 * All errors of the service, by the code sent in the `X-Error-Code` header. The list is closed so
 * that clients can handle every code.
 */
export const errorKinds = {
  invalid_body: {
    status: 400,
    details: 'The body must be a JSON object in UTF-8, sent as application/json.',
  },
  body_too_large: {
    status: 400,
    details: 'The body must be at most 16 KiB, also after decompression.',
  },
  missing_field: { status: 400, details: 'A required field is missing.' },
  malformed_request: { status: 400, details: 'The request is not well-formed HTTP.' },
  headers_too_large: { status: 431, details: 'The request headers must be at most 16 KiB.' },
  unauthenticated: {
    status: 401,
    details: 'Send a valid, unexpired token in the header "Authorization: Bearer <JWT>".',
  },
  invalid_signature: {
    status: 401,
    details: 'The request must carry a valid signature by GitHub.',
  },
  invalid_key: {
    status: 401,
    details: 'Send a valid, unexpired key in the header "X-API-Key: <API key>".',
  },
  unknown_tier: { status: 403, details: 'The token names an unknown tier.' },
  insufficient_scope: { status: 403, details: "The token's scope does not allow this operation." },
  suspended: {
    status: 403,
    details:
      'Your keys are suspended. They are not accepted, and you cannot request, extend or roll keys.',
  },
  not_found: { status: 404, details: 'There is no resource at this path.' },
  no_such_key: { status: 404, details: 'api_key_name: you have no key with this name.' },
  method_not_allowed: {
    status: 405,
    details: 'Use one of the methods listed in the Allow header.',
  },
  not_yet_rotatable: {
    status: 409,
    details: 'api_key_name: the key can be extended only within 1 day of its expiry, or after it.',
  },
  key_expired: {
    status: 409,
    details:
      'api_key_name: the key has expired. Extend it first, or delete it and request another.',
  },
  invalid_field: { status: 422, details: 'A field violates its schema.' },
  expiry_too_late: {
    status: 422,
    details: 'expires_in_days: the expiry must not be later than the year 9999.',
  },
  name_taken: { status: 422, details: 'api_key_name: you already have a key with this name.' },
  idempotency_key_reused: {
    status: 422,
    details:
      'Idempotency-Key: was already used within 24 hours for a request with a different body.',
  },
  idempotency_key_outdated: {
    status: 422,
    details:
      'Idempotency-Key: the key that the original request issued or extended has since been deleted or rolled.',
  },
  rate_limited: {
    status: 429,
    details: 'Rate limit: too many requests. Retry after the time in Retry-After.',
  },
  quota_exceeded: {
    status: 429,
    details:
      'Quota: the requests of the day or month are used up. Retry after the time in Retry-After.',
  },
  key_limit_reached: {
    status: 429,
    details:
      'Key limit: you have as many active keys as your tier allows. Delete a key; waiting does not help.',
  },
  internal: { status: 500, details: 'The cause was logged.' },
  store_unavailable: {
    status: 500,
    details: 'The key store did not respond. Nothing was written.',
  },
  outcome_unknown: {
    status: 500,
    details:
      'The key store did not confirm the write. It may have succeeded, and the name may belong to a key that was not returned.',
  },
  signing_keys_unavailable: {
    status: 500,
    details:
      'The keys that verify token signatures could not be fetched. The token was not verified.',
  },
  verification_unavailable: {
    status: 503,
    details: 'The key store did not respond. The key was not verified.',
  },
  not_ready: { status: 503, details: 'The key store does not respond.' },
} as const satisfies Record<string, ErrorKind>;

/** An error code, which the service sends in the `X-Error-Code` header. */
export type ErrorCode = keyof typeof errorKinds;

/** All error codes, in the order of {@link errorKinds}. */
export const errorCodes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

/** The response header that contains the error code. */
export const errorCodeHeader = 'X-Error-Code';

/**
 * The body of every error response. It has exactly these three members, of which only `details` is
 * free text (contract, part A).
 */
export interface ErrorBody {
  readonly details: string;
  readonly message: string;
  readonly statusCode: number;
}

/** Returns the body for an error. `details` defaults to the text for the code. */
export function errorBody(code: ErrorCode, details: string = errorKinds[code].details): ErrorBody {
  const { status } = errorKinds[code];
  return { details, message: statusMessages[status], statusCode: status };
}

/** Returns the schema of the error body for a status, with the exact message. */
export function errorBodySchema(status: ErrorStatus) {
  return z.object({
    details: z
      .string()
      .meta({ description: 'Explanation of the error for people. Do not parse it.' }),
    message: z
      .literal(statusMessages[status])
      .meta({ description: 'The kind of error. Fixed for each status.' }),
    // Without the override, zod would publish the literal as `number`, and generated clients would
    // not compile.
    statusCode: z
      .literal(status)
      .meta({ override: { type: 'integer' }, description: 'The HTTP status.' }),
  });
}
