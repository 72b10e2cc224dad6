import * as z from 'zod';

/**
 * The `message` of each status, to the letter (contract, parts A and C). Clients compare these strings: a change here
 * breaks them. Only 431's is this project's own wording, the contract names the status alone.
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

/** An HTTP status that this service answers an error with. */
export type ErrorStatus = keyof typeof statusMessages;

interface ErrorKind {
  readonly status: ErrorStatus;
  /** What `details` says when the place that found the error has nothing more precise to say. */
  readonly details: string;
}

/**
 * Every error of the service by the word that its `X-Error-Code` header carries. The list is closed: a client may switch
 * over it, and the compiler refuses a code without a row.
 */
export const errorKinds = {
  invalid_body: { status: 400, details: 'The body must be a JSON object in UTF-8, sent as application/json.' },
  body_too_large: { status: 400, details: 'The body must be at most 16 KiB, also after decompression.' },
  missing_field: { status: 400, details: 'A required field is missing.' },
  malformed_request: { status: 400, details: 'The request is not well-formed HTTP.' },
  headers_too_large: { status: 431, details: 'The request headers must be at most 16 KiB.' },
  unauthenticated: {
    status: 401,
    details: 'Send a valid, unexpired token in the header "Authorization: Bearer <JWT>".',
  },
  invalid_signature: { status: 401, details: 'What is sent here must be signed by GitHub, as its headers say.' },
  invalid_key: { status: 401, details: 'Send a valid, unexpired key in the header "X-API-Key: <API key>".' },
  unknown_tier: { status: 403, details: "The token's tier is not one that this service knows." },
  insufficient_scope: { status: 403, details: "The token's scope does not allow this operation." },
  suspended: {
    status: 403,
    details: 'Your keys are suspended: none may be requested, extended or rolled, and none is accepted.',
  },
  not_found: { status: 404, details: 'There is nothing at this path.' },
  no_such_key: { status: 404, details: 'api_key_name: you hold no key of this name.' },
  method_not_allowed: { status: 405, details: 'The header Allow lists the methods of this path.' },
  not_yet_rotatable: {
    status: 409,
    details:
      'api_key_name: the key is neither expired nor within 1 day of its expiry; it can be extended from then on.',
  },
  key_expired: {
    status: 409,
    details: 'api_key_name: the key has expired; extend it first, or delete it and request another.',
  },
  invalid_field: { status: 422, details: 'A field breaks a rule of its schema.' },
  expiry_too_late: { status: 422, details: 'expires_in_days: the expiry must not be later than the year 9999.' },
  name_taken: { status: 422, details: 'api_key_name: the name is already used by another of your keys.' },
  idempotency_key_reused: {
    status: 422,
    details: 'Idempotency-Key: was used within 24 hours for a request with another body.',
  },
  idempotency_key_outdated: {
    status: 422,
    details: 'Idempotency-Key: the key that this request made or extended has since been deleted or rolled.',
  },
  rate_limited: { status: 429, details: 'Rate limit: too many requests. Wait as long as Retry-After says.' },
  quota_exceeded: {
    status: 429,
    details: "Quota: the owner's requests of the day or month are used up. Wait as long as Retry-After says.",
  },
  key_limit_reached: {
    status: 429,
    details: 'Key limit: you hold as many active keys as your tier allows. Waiting does not help; delete a key.',
  },
  internal: { status: 500, details: 'The cause was logged.' },
  store_unavailable: { status: 500, details: 'The key store did not answer; nothing was written.' },
  outcome_unknown: {
    status: 500,
    details:
      'The key store did not confirm the write: it may be done, and the name may be taken by a key that was not delivered.',
  },
  signing_keys_unavailable: {
    status: 500,
    details: 'The keys that signatures are verified with could not be fetched; nothing was judged.',
  },
  verification_unavailable: { status: 503, details: 'The key store did not answer; the key was not judged.' },
  not_ready: { status: 503, details: 'The key store does not answer.' },
} as const satisfies Record<string, ErrorKind>;

/** One word of the closed list that `X-Error-Code` is taken from. */
export type ErrorCode = keyof typeof errorKinds;

/** All error codes, in the order of {@link errorKinds}. */
export const errorCodes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

/** The header that carries an error's code beside the published body. */
export const errorCodeHeader = 'X-Error-Code';

/** The body of every error: exactly these three members, `details` being the only free text (contract, part A). */
export interface ErrorBody {
  readonly details: string;
  readonly message: string;
  readonly statusCode: number;
}

/** Builds the body that the contract fixes for an error, `details` falling back to the text of its kind. */
export function errorBody(code: ErrorCode, details: string = errorKinds[code].details): ErrorBody {
  const { status } = errorKinds[code];
  return { details, message: statusMessages[status], statusCode: status };
}

/** The schema of the error body for one status, with its literal message, as it stands in the OpenAPI document. */
export function errorBodySchema(status: ErrorStatus) {
  return z.object({
    details: z.string().meta({ description: 'What is wrong and where. For people: do not parse it.' }),
    message: z
      .literal(statusMessages[status])
      .meta({ description: 'What kind of error it is; the same for each status.' }),
    // A literal number would be published as `number`, for which generated clients do not compile.
    statusCode: z.literal(status).meta({ override: { type: 'integer' }, description: 'The status of the answer.' }),
  });
}
