import type { errorStatuses } from './generated/contract.ts';

/** An error code of the service, from its `X-Error-Code` header. */
export type ServiceErrorCode = keyof typeof errorStatuses;

/**
 * Codes of failures other than an error of the service:
 *
 * - `network`: the connection could not be established, or broke.
 * - `timeout`: an attempt or the whole call took too long.
 * - `aborted`: the caller's signal aborted the call.
 * - `unexpected_answer`: the response is not one of this API. It may come from a proxy or a newer
 *   service.
 */
export type TransportErrorCode = 'network' | 'timeout' | 'aborted' | 'unexpected_answer';

/** Any `code` of an {@link ApiError}. */
export type ApiErrorCode = ServiceErrorCode | TransportErrorCode;

interface Failure<Code extends ApiErrorCode, Status extends number | undefined> extends Error {
  readonly name: 'ApiError';
  readonly code: Code;
  /** The HTTP status, or undefined if there was no response. */
  readonly status: Status;
  /** Explanation of the error for people. Programs should use `code`. */
  readonly details: string;
  /** The response's `X-Request-Id`, which identifies the request to the service's operators. */
  readonly requestId: string | undefined;
  /** Seconds to wait according to `Retry-After`. If a 429 has none, waiting does not help. */
  readonly retryAfter: number | undefined;
}

type ServiceFailure = { [Code in ServiceErrorCode]: Failure<Code, (typeof errorStatuses)[Code]> }[ServiceErrorCode];

/**
 * The error of a failed call: a closed union discriminated by `code`. A switch that ends in
 * `default: error satisfies never` compiles only if it handles every code.
 *
 * It contains no key, no token and no `cause`, because the causes of some platforms contain
 * received data.
 */
export type ApiError =
  | ServiceFailure
  | Failure<'network' | 'timeout' | 'aborted', undefined>
  | Failure<'unexpected_answer', number>;

/** The properties of a new {@link ApiError}. */
export interface ApiErrorInit {
  readonly code: ApiErrorCode;
  readonly message: string;
  readonly details: string;
  readonly status?: number;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
}

class ApiErrorClass extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number | undefined;
  readonly details: string;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor({ code, message, details, status, requestId, retryAfter }: ApiErrorInit) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** The class of every {@link ApiError}, declared so that `instanceof` narrows to the union. */
export const ApiError = ApiErrorClass as unknown as abstract new (init: never) => ApiError;

/** Creates an error. The caller ensures that `status` belongs to `code`. */
export function apiError(init: ApiErrorInit): ApiError {
  return new ApiErrorClass(init) as ApiError;
}
