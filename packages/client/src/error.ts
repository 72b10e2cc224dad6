import type { errorStatuses } from './generated/contract.ts';

/** One word of the closed list that the service's `X-Error-Code` is taken from. */
export type ServiceErrorCode = keyof typeof errorStatuses;

/**
 * What goes wrong without an error of the service:
 *
 * - `network`: the connection could not be made, or broke;
 * - `timeout`: an attempt, or the whole call, took too long;
 * - `aborted`: the caller's signal ended the call;
 * - `unexpected_answer`: what came is not an answer of this contract, but perhaps one of a proxy, or of a newer service.
 */
export type TransportErrorCode = 'network' | 'timeout' | 'aborted' | 'unexpected_answer';

/** Every `code` that an {@link ApiError} can have. */
export type ApiErrorCode = ServiceErrorCode | TransportErrorCode;

interface Failure<Code extends ApiErrorCode, Status extends number | undefined> extends Error {
  readonly name: 'ApiError';
  readonly code: Code;
  /** The status of the answer; undefined where none came. */
  readonly status: Status;
  /** What is wrong and where, in words. For people: compare `code`. */
  readonly details: string;
  /** The answer's `X-Request-Id`, by which the service's operators find the request. */
  readonly requestId: string | undefined;
  /** Seconds that the answer's `Retry-After` asks to wait. Of a 429 without it: waiting does not help. */
  readonly retryAfter: number | undefined;
}

type ServiceFailure = { [Code in ServiceErrorCode]: Failure<Code, (typeof errorStatuses)[Code]> }[ServiceErrorCode];

/**
 * What a call rejects with: a closed union, told apart by `code`. A switch that ends in `default: error satisfies never`
 * compiles only while it handles every code.
 *
 * It holds no key, no token and no `cause`: what platforms put there can hold bytes of the answer.
 */
export type ApiError =
  | ServiceFailure
  | Failure<'network' | 'timeout' | 'aborted', undefined>
  | Failure<'unexpected_answer', number>;

/** What an error is made of. */
export interface ErrorFacts {
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

  constructor({ code, message, details, status, requestId, retryAfter }: ErrorFacts) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** The class of all {@link ApiError}s, declared so that `instanceof` narrows to the union. */
export const ApiError = ApiErrorClass as unknown as abstract new (facts: never) => ApiError;

/** Makes an error. That code and status belong together is the caller's part. */
export function apiError(facts: ErrorFacts): ApiError {
  return new ApiErrorClass(facts) as ApiError;
}
