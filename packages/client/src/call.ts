import { newIdempotencyKey } from '@andamio/schema/idempotency-key';
import { attempt, FailedAttempt, type Fetch, type Request } from './attempt.ts';
import type { Token } from './credential.ts';
import { pause, withDeadline } from './deadline.ts';
import { type ApiError, type ApiErrorCode, apiError } from './error.ts';
import type { IdempotentCallOptions, OperationDescriptor } from './operation.ts';
import { immediateRetries, isUncounted, type Retry, retryDelay } from './retry.ts';

/**
 * The address, token, limits and callbacks for all calls of a client. Times are in milliseconds.
 */
export interface Connection {
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  readonly token: Token | undefined;
  readonly attemptTimeoutMs: number;
  readonly totalTimeoutMs: number;
  /** Maximum number of counted attempts per call. 1 disables all retries. */
  readonly maxAttempts: number;
  /** Sends the requests. Undefined for the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Called before each pause. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** The arguments of a call, without its options. */
interface CallArguments {
  /** The query parameters, if the operation has any. */
  readonly query?: object | undefined;
  /** The request body of an operation that has one. */
  readonly body?: unknown;
  /** The API key for an operation that is authenticated with one. */
  readonly apiKey?: string;
}

/** Matches a valid Idempotency-Key (contract, "Safe retries"). */
const idempotencyKeyForm = /^[\x21-\x7e]{1,128}$/;

function idempotencyKeyFor(
  operation: OperationDescriptor,
  chosen: string | undefined,
): string | undefined {
  if (operation.retryPolicy !== 'with-key') {
    if (chosen !== undefined) throw new TypeError('This operation does not accept idempotencyKey.');
    return undefined;
  }
  if (chosen === undefined) return newIdempotencyKey();
  if (!idempotencyKeyForm.test(chosen)) {
    throw new TypeError('idempotencyKey must be 1 to 128 visible ASCII characters.');
  }
  return chosen;
}

/**
 * The error codes that no attempt gets if an earlier one was processed. The fields are the same in
 * all attempts. The service checks the rules on names, numbers and states of keys only if it has
 * processed no request with the same `Idempotency-Key`. Otherwise it returns the same response
 * again (contract, "Safe retries").
 */
const codesOfUnprocessed: ReadonlySet<ApiErrorCode> = new Set([
  'missing_field',
  'invalid_field',
  'no_such_key',
  'not_yet_rotatable',
  'key_expired',
  'expiry_too_late',
  'name_taken',
  'key_limit_reached',
  'idempotency_key_reused',
]);

/**
 * Returns the error of a call, given the error of its last attempt.
 *
 * @param isAnyInDoubt whether an earlier attempt may have been processed.
 */
function errorOfCall(last: ApiError, isAnyInDoubt: boolean): ApiError {
  if (last.mayHaveBeenProcessed || !isAnyInDoubt || codesOfUnprocessed.has(last.code)) return last;
  const details = `${last.details} An earlier attempt may have been processed.`;
  return apiError({ ...last, details, mayHaveBeenProcessed: true });
}

/**
 * Sends a request. Retries the request as long as a retry is safe and the limits on attempts and
 * time allow one.
 *
 * @throws {ApiError} the error of the last attempt.
 */
async function sendWithRetries(
  request: Request,
  connection: Connection,
  signal: AbortSignal,
): Promise<unknown> {
  const end = performance.now() + connection.totalTimeoutMs;
  const { retryPolicy } = request.operation;
  let attempts = 0;
  let breaks = 0;
  let isAnyInDoubt = false;
  for (;;) {
    try {
      return await withDeadline(connection.attemptTimeoutMs, signal, (attemptSignal) =>
        attempt(request, attemptSignal),
      );
    } catch (failure) {
      if (!(failure instanceof FailedAttempt)) throw failure;
      if (isUncounted(failure, retryPolicy, breaks, connection.maxAttempts)) breaks++;
      else attempts++;
      const ms = retryDelay(
        failure,
        retryPolicy,
        attempts + Math.max(0, breaks - immediateRetries),
      );
      // If the remaining time is too short for the pause, the attempt's error is thrown. It tells
      // the caller more than a timeout would.
      const canRetry = ms !== undefined && performance.now() + ms < end;
      const error = errorOfCall(failure.error, isAnyInDoubt);
      if (!canRetry || signal.aborted || attempts >= connection.maxAttempts) throw error;
      isAnyInDoubt = error.mayHaveBeenProcessed;
      connection.onRetry?.({ error, pauseMs: ms });
      await pause(ms, signal);
    }
  }
}

/** Returns the query string with the given parameters, except those that are undefined. */
function queryString(query: object = {}): string {
  const sent = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    sent.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text && `?${text}`;
}

/**
 * Calls an operation, with retries.
 *
 * @returns the body of the successful response.
 */
export async function call(
  connection: Connection,
  operation: OperationDescriptor,
  { query, body, apiKey }: CallArguments,
  options: IdempotentCallOptions = {},
): Promise<unknown> {
  const request: Request = {
    url: connection.baseUrl + operation.path + queryString(query),
    operation,
    fetch: connection.fetch,
    token: connection.token,
    apiKey,
    body: operation.body ? JSON.stringify(body) : undefined,
    idempotencyKey: idempotencyKeyFor(operation, options.idempotencyKey),
  };
  return withDeadline(connection.totalTimeoutMs, options.signal, (signal) =>
    sendWithRetries(request, connection, signal),
  );
}
