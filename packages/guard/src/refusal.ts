import { errorBody, errorCodeHeader, errorKinds } from '@andamio/schema/errors';

/** The error code of a rejected request, which is also in `X-Error-Code`. */
export type RefusalCode =
  | 'invalid_key'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'verification_unavailable';

/** The body of the response to a rejected request. */
export interface RefusalBody {
  /** Human-readable explanation of the error. */
  readonly details: string;
  /** The kind of error. All errors with the same status have the same message. */
  readonly message: string;
  /** The HTTP status. */
  readonly statusCode: number;
}

/** A rejected request's error code, response headers and details. */
export class Refusal {
  readonly code: RefusalCode;
  /** Response headers to send in addition to `X-Error-Code`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The `details` field of the error body. If undefined, the default text for the code is used. */
  readonly details: string | undefined;

  constructor(code: RefusalCode, headers: Readonly<Record<string, string>> = {}, details?: string) {
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/**
 * The refusal for a key that is missing, mistyped, unknown, expired, deleted, or owned by a
 * suspended user. All these cases have the same response, so that it reveals nothing about a key.
 */
export const invalidKey = new Refusal('invalid_key', {
  'WWW-Authenticate': 'ApiKey realm="andamio-api"',
});

/** The refusal for a key that could not be verified. */
export const unavailable = new Refusal('verification_unavailable');

/**
 * Creates the refusal for a request beyond a per-minute limit.
 *
 * @param milliseconds time until the next window starts.
 */
export function rateLimited(limit: number, milliseconds: number): Refusal {
  return new Refusal('rate_limited', {
    'Retry-After': `${Math.max(1, Math.ceil(milliseconds / 1000))}`,
    'X-RateLimit-Limit': `${limit}`,
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': `${Math.ceil((Date.now() + milliseconds) / 1000)}`,
  });
}

/** The response to a rejected request. */
export interface RefusalResponse {
  /** The HTTP status. */
  readonly status: 401 | 429 | 503;
  /** The error code. */
  readonly code: RefusalCode;
  /** The response headers, with the code in `X-Error-Code`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The response body, to be sent as JSON. */
  readonly body: RefusalBody;
}

/** Returns the HTTP response that tells a client about a refusal. */
export function responseOf({ code, headers, details }: Refusal): RefusalResponse {
  const body = errorBody(code, details);
  return {
    status: errorKinds[code].status,
    code,
    headers: { 'Content-Type': 'application/json', ...headers, [errorCodeHeader]: code },
    body,
  };
}
