import * as z from 'zod';
import { idempotencyKeyHeader } from './idempotency-key.ts';
import { maximumAlertBytes } from './secret-scanning.ts';

/**
 * The exact `message` for each status (contract, parts A and C). Clients compare these strings, so
 * changing one breaks clients. The contract specifies every string except the message for 431.
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
  /** The default for the `details` field of the error. */
  readonly details: string;
  /** Instructions for clients, published in the API reference. */
  readonly remedy: string;
}

/**
 * All errors of the service, by the code sent in the `X-Error-Code` header. The list is closed so
 * that clients can handle every code.
 */
export const errorKinds = {
  invalid_body: {
    status: 400,
    details: 'The body must be a JSON object in UTF-8, sent as application/json.',
    remedy: 'Send a JSON object in UTF-8 with `Content-Type: application/json`.',
  },
  body_too_large: {
    status: 400,
    details: 'The body must be at most 16 KiB, also after decompression.',
    remedy: 'Send a body of at most 16 KiB, both compressed and decompressed.',
  },
  missing_field: {
    status: 400,
    details: 'A required field is missing.',
    remedy: 'Add the field named in `details`.',
  },
  malformed_request: {
    status: 400,
    details: 'The request is not well-formed HTTP.',
    remedy: 'Send the request with an HTTP library.',
  },
  headers_too_large: {
    status: 431,
    details: 'The request headers must be at most 16 KiB.',
    remedy: 'Send fewer or shorter headers, at most 16 KiB in total.',
  },
  authorization_pending: {
    status: 400,
    details: 'The user has not decided yet. Ask again after the interval.',
    remedy: 'Send the same request again after `interval` seconds.',
  },
  slow_down: {
    status: 400,
    details: 'The requests come too fast. Wait 5 seconds longer between them from now on.',
    remedy: 'Wait 5 seconds longer between requests from now on, until this login ends.',
  },
  expired_token: {
    status: 400,
    details: 'device_code is unknown, has expired or was used. Start a new login.',
    remedy: 'Start a new login.',
  },
  access_denied: {
    status: 400,
    details: 'The user denied the login. No key was issued.',
    remedy: 'Stop. The user denied the login.',
  },
  unauthenticated: {
    status: 401,
    details: 'Send a valid, unexpired token in the header "Authorization: Bearer <JWT>".',
    remedy:
      'Get a new token and send it as `Authorization: Bearer YOUR_JWT_TOKEN`. Do not retry with the same token.',
  },
  invalid_signature: {
    status: 401,
    details: 'The request must carry a valid signature by GitHub.',
    remedy: 'Do not call this endpoint. It accepts only messages that GitHub has signed.',
  },
  invalid_key: {
    status: 401,
    details: 'Send a valid, unexpired key in the header "X-API-Key: <API key>".',
    remedy: 'Send a valid key as `X-API-Key: YOUR_API_KEY`. Do not retry with the same key.',
  },
  unknown_tier: {
    status: 403,
    details: 'The token names an unknown tier.',
    remedy: 'Ask the issuer of your token to correct its tier.',
  },
  insufficient_scope: {
    status: 403,
    details: "The token's scope does not allow this operation.",
    remedy:
      'Get a token with the scope `apikey:write` to change keys, or `apikey:read` to read them.',
  },
  suspended: {
    status: 403,
    details: 'Your keys are suspended. They are not accepted. You can only list and delete them.',
    remedy: 'Contact the operator of the platform. You can still list and delete your keys.',
  },
  not_found: {
    status: 404,
    details: 'There is no resource at this path.',
    remedy: 'Check the path. It is case-sensitive and has no trailing slash.',
  },
  no_such_key: {
    status: 404,
    details: 'api_key_name is not the name of one of your keys.',
    remedy: 'List your keys with `GET /api/v1/user/me`. A key is removed 30 days after its expiry.',
  },
  unknown_user_code: {
    status: 404,
    details:
      'user_code is not the code of a pending login of yours. Compare it with the one in your terminal, or start the login again.',
    remedy:
      'Compare the code with the one that the program shows. Look up the login before you approve or deny it. If the code has expired, start the login again in the program.',
  },
  method_not_allowed: {
    status: 405,
    details: 'Use one of the methods listed in the Allow header.',
    remedy: 'Use a method listed in the `Allow` header.',
  },
  not_yet_rotatable: {
    status: 409,
    details:
      'api_key_name is the name of a key that cannot be extended yet. A key can be extended within 1 day of its expiry, or after it.',
    remedy: 'Retry no earlier than 1 day before the key expires.',
  },
  key_expired: {
    status: 409,
    details:
      'api_key_name is the name of an expired key. Extend the key first, or delete it and request another.',
    remedy: 'Extend the key with `POST /api/v1/apikey/rotate` first, or delete it.',
  },
  device_login_redeemed: {
    status: 409,
    details:
      'user_code is the code of a program that already has its key. Delete the key to end its access.',
    remedy:
      'The program already has its key. To end its access, delete the key with `POST /api/v1/apikey/delete`.',
  },
  invalid_field: {
    status: 422,
    details: 'A field violates its schema.',
    remedy: 'Fix the field named in `details`; retrying unchanged will fail again.',
  },
  expiry_too_late: {
    status: 422,
    details: 'expires_in_days must not lead to an expiry after the year 9999.',
    remedy: 'Request a smaller number of days.',
  },
  name_taken: {
    status: 422,
    details: 'api_key_name is already the name of one of your keys.',
    remedy: 'Choose a name that none of your keys has.',
  },
  idempotency_key_reused: {
    status: 422,
    details:
      'Idempotency-Key was already used within 24 hours for a request with a different body.',
    remedy: 'Choose a new `Idempotency-Key` for each request that is not a retry.',
  },
  idempotency_key_outdated: {
    status: 422,
    details: 'Idempotency-Key belongs to a request whose key has since been deleted or rolled.',
    remedy:
      'Send a new request with a new `Idempotency-Key`; the key in the lost response is no longer valid.',
  },
  rate_limited: {
    status: 429,
    details: 'Rate limit: too many requests. Retry after the time in Retry-After.',
    remedy: 'Retry after the number of seconds in `Retry-After`.',
  },
  too_many_wrong_codes: {
    status: 429,
    details:
      'user_code was wrong too often. Retry after the time in Retry-After, and do not guess codes.',
    remedy:
      'Retry after the number of seconds in `Retry-After`, with the code that the program shows.',
  },
  quota_exceeded: {
    status: 429,
    details:
      'Quota: the requests of the day or month are used up. Retry after the time in Retry-After.',
    remedy:
      'Retry after the number of seconds in `Retry-After`, which is when the current UTC day or month ends. To continue sooner, get a higher tier.',
  },
  key_limit_reached: {
    status: 429,
    details:
      'Key limit: you have as many active keys as your tier allows. Delete a key; waiting does not help.',
    remedy: 'Delete a key or get a higher tier. Waiting does not help.',
  },
  internal: {
    status: 500,
    details: 'The cause was logged.',
    remedy: 'Retry later. If the error persists, report the `X-Request-Id`.',
  },
  store_unavailable: {
    status: 500,
    details: 'The key store did not respond. Nothing was written.',
    remedy: 'Retry later with exponential backoff. Nothing was written.',
  },
  outcome_unknown: {
    status: 500,
    details: 'The key store did not confirm the write. It may have succeeded.',
    remedy:
      'Retry with the same `Idempotency-Key`. If you sent none, list your keys first: the change may have been made, and a key that you did not receive may have been issued.',
  },
  signing_keys_unavailable: {
    status: 500,
    details: 'The keys that verify signatures could not be fetched. Nothing was verified.',
    remedy: 'Retry later. The signature was not verified.',
  },
  verification_unavailable: {
    status: 503,
    details: 'The key store did not respond. The key was not verified.',
    remedy: 'The key could not be verified. Retry later and reject the request meanwhile.',
  },
  not_ready: { status: 503, details: 'The key store does not respond.', remedy: 'Retry later.' },
} as const satisfies Record<string, ErrorKind>;

/**
 * Texts for `details` that are more specific than the default of their error code. The `details` of
 * an error is one of these texts, a default, or the rule that a field violates.
 */
export const specificDetails = {
  host: 'The header Host must be sent once, as a host name or address with an optional port.',
  idempotencyKey: `${idempotencyKeyHeader} must be 1 to 128 visible ASCII characters, sent once.`,
  slowDown: (seconds: number) =>
    `The requests come too fast. Wait ${seconds} seconds between them from now on.`,
  sentTwice: (field: string) => `${field} must be sent at most once.`,
  pageToken: 'page_token must be the next_page_token of a page of your keys.',
  missingField: (field: string) => `${field} is required.`,
  /** The rule begins with a verb, such as `must be at least 1`. */
  brokenRule: (field: string, rule: string) => `${field} ${rule}.`,
  brokenItemRule: (list: string, rule: string) => `Each item of ${list} ${rule}.`,
  maximumDays: (days: number) =>
    `expires_in_days must be at most ${days}. A request without it uses the default, which may be greater.`,
  quota: {
    day: "Daily quota: the requests that the owner's tier allows per UTC day are used up. Retry after the time in Retry-After.",
    month:
      "Monthly quota: the requests that the owner's tier allows per UTC month are used up. Retry after the time in Retry-After.",
  },
  alerts: {
    invalid_body:
      'The body must be a JSON array of alerts, sent as application/json and not compressed.',
    body_too_large: `The body must be at most ${maximumAlertBytes / 1024} KiB.`,
  },
} as const;

/**
 * The values of `error` in the error bodies of operations with `oauthErrors`. RFC 6749 section 5.2
 * and RFC 8628 section 3.5 define them.
 */
export const oauthErrors = [
  'authorization_pending',
  'slow_down',
  'expired_token',
  'access_denied',
  'invalid_request',
] as const;

/**
 * Returns the value of `error` in an error body. Returns undefined for a failure of the service,
 * for which the RFCs define no value. A program that receives any value except
 * `authorization_pending` and `slow_down` must stop polling.
 */
export function oauthErrorOf(code: ErrorCode): (typeof oauthErrors)[number] | undefined {
  const own = oauthErrors.find((error) => error === code);
  if (own !== undefined) return own;
  if (code === 'rate_limited') return 'slow_down';
  if (['suspended', 'name_taken', 'key_limit_reached', 'expiry_too_late'].includes(code))
    return 'access_denied';
  return errorKinds[code].status < 500 ? 'invalid_request' : undefined;
}

/** An error code, which the service sends in the `X-Error-Code` header. */
export type ErrorCode = keyof typeof errorKinds;

/** All error codes, in the order of {@link errorKinds}. */
export const errorCodes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

/** The response header that contains the error code. */
export const errorCodeHeader = 'X-Error-Code';

/**
 * The body of every error response. It has exactly the first three members, of which only `details`
 * is free text (contract, part A). The only exception: if the operation has `oauthErrors`, the body
 * also has `error`.
 */
export interface ErrorBody {
  readonly details: string;
  readonly message: string;
  readonly statusCode: number;
  /** The error as OAuth names it. See {@link oauthErrorOf}. */
  readonly error?: string;
}

/**
 * Returns the body for an error. `details` defaults to the text of the error code in {@link
 * errorKinds}.
 */
export function errorBody(code: ErrorCode, details: string = errorKinds[code].details): ErrorBody {
  const { status } = errorKinds[code];
  return { details, message: statusMessages[status], statusCode: status };
}

/** Returns the schema of the error body for a status, with the exact message. */
export function errorBodySchema(status: ErrorStatus) {
  return z.object({
    details: z
      .string()
      .meta({ description: 'A human-readable explanation of the error. Do not parse it.' }),
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
