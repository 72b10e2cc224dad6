import type { ServiceErrorStatuses } from './generated/types.ts';

/** An error code that the service sends in the `X-Error-Code` header. */
export type ServiceErrorCode = keyof ServiceErrorStatuses;

/**
 * Error codes of failures that the service did not report:
 *
 * - `network`: the connection could not be established, or it broke.
 * - `timeout`: an attempt or the whole call took too long.
 * - `aborted`: the caller's signal aborted the call.
 * - `unexpected_answer`: the response does not conform to this API. It may come from a proxy or
 *   from a newer version of the service.
 */
export type TransportErrorCode = 'network' | 'timeout' | 'aborted' | 'unexpected_answer';

/** Any error code of an {@link ApiError}. */
export type ApiErrorCode = ServiceErrorCode | TransportErrorCode;

interface Failure<Code extends ApiErrorCode, Status extends number | undefined> extends Error {
  /** Distinguishes the errors of the client from others. */
  readonly name: 'ApiError';
  /** The error code, by which programs distinguish errors. */
  readonly code: Code;
  /** The response's HTTP status, or undefined if the call failed without a response. */
  readonly status: Status;
  /** The code and the details, such as `missing_field: api_key_name is required.` */
  readonly message: string;
  /** A human-readable explanation. Programs should use `code`. */
  readonly details: string;
  /** The response's `X-Request-Id`, by which the operators of the service can find the request. */
  readonly requestId: string | undefined;
  /**
   * Seconds to wait before a retry, from the `Retry-After` header. If a 429 response lacks the
   * header, waiting does not help.
   */
  readonly retryAfter: number | undefined;
  /**
   * Whether the service may have processed the request, in the last attempt or an earlier one. For
   * example, a key may exist although its response was lost.
   */
  readonly mayHaveBeenProcessed: boolean;
}

type ServiceFailure = {
  [Code in ServiceErrorCode]: Failure<Code, ServiceErrorStatuses[Code]>;
}[ServiceErrorCode];

/**
 * The error of a failed call: a closed union discriminated by `code`. A `switch` that ends in
 * `default: error satisfies never` compiles only if it handles every code.
 *
 * The error contains no key and no token. It has no `cause`, because on some platforms a cause
 * contains received data.
 */
export type ApiError =
  | ServiceFailure
  | Failure<'network' | 'timeout' | 'aborted', undefined>
  | Failure<'unexpected_answer', number>;

export interface ApiErrorInit {
  readonly code: ApiErrorCode;
  readonly details: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly mayHaveBeenProcessed: boolean;
}

class ApiErrorClass extends Error {
  static {
    // JavaScript engines write this name into the first line of `stack`, before the constructor can
    // set a property.
    const name = { value: 'ApiError', configurable: true };
    Object.defineProperty(ApiErrorClass.prototype, 'name', name);
    Object.defineProperty(ApiErrorClass, 'name', name);
  }

  readonly code: ApiErrorCode;
  readonly status: number | undefined;
  readonly details: string;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly mayHaveBeenProcessed: boolean;

  constructor(init: ApiErrorInit) {
    const { code, details, status, requestId, retryAfter, mayHaveBeenProcessed } = init;
    super(`${code}: ${details}`);
    this.code = code;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.mayHaveBeenProcessed = mayHaveBeenProcessed;
  }
}

/** The class of all {@link ApiError}s. Its declared type makes `instanceof` narrow to the union. */
export const ApiError = ApiErrorClass as unknown as abstract new (init: never) => ApiError;

/** Creates an {@link ApiError}. The caller must ensure that `status` matches `code`. */
export function apiError(init: ApiErrorInit): ApiError {
  return new ApiErrorClass(init) as ApiError;
}
