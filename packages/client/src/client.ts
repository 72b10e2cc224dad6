import { serviceUrl } from '@andamio/schema/service-url';
import type { Fetch } from './attempt.ts';
import { type Connection, call } from './call.ts';
import type { Token } from './credential.ts';
import { operations } from './generated/contract.ts';
import type { Client } from './generated/types.ts';
import type { CallOptions, OperationDescriptor } from './operation.ts';
import type { Retry } from './retry.ts';

/** Options of a client. Times are in milliseconds. */
export interface ClientOptions {
  /**
   * URL of the service, such as `https://andamio-api-308006323670.us-central1.run.app`. A final
   * `/api/v1` is ignored.
   */
  readonly baseUrl: string | URL;
  /**
   * The JWT without `Bearer`, or a function that returns it. The function is called before every
   * attempt. Operations authenticated with an API key, and public operations, do not use it.
   */
  readonly token?: Token | undefined;
  /** Timeout of one attempt, including reading the response. Default: 15,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Timeout of a call, including all attempts and pauses. Default: 60,000. */
  readonly totalTimeoutMs?: number | undefined;
  /**
   * Maximum number of attempts per call. Default: 4. Set to 1 to disable retries. With a
   * higher number, up to 20 connections that break before the response starts do not count as
   * attempts.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Sends the requests in place of the global `fetch`, for example through a proxy. It receives the
   * token or the API key in the request's headers.
   */
  readonly fetch?: Fetch | undefined;
  /** Called when an attempt has failed and the call will retry it, before the pause. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** Maximum delay of a JavaScript timer in milliseconds. */
const maximumMs = 2 ** 31 - 1;

function positiveInteger(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > maximumMs) {
    throw new RangeError(`${name} must be an integer from 1 to ${maximumMs}.`);
  }
  return value;
}

function methodOf(connection: Connection, operation: OperationDescriptor) {
  if (operation.credentials === 'key') {
    return (apiKey: string, options?: CallOptions) =>
      call(connection, operation, { apiKey }, options);
  }
  if (operation.query) {
    return (query?: object, options?: CallOptions) =>
      call(connection, operation, { query }, options);
  }
  return operation.body
    ? (body: unknown, options?: CallOptions) => call(connection, operation, { body }, options)
    : (options?: CallOptions) => call(connection, operation, {}, options);
}

/**
 * Creates a client with one method per operation. Each method resolves to the body of the
 * successful response.
 *
 * A method rejects with an `ApiError`, with an error that `token` or `onRetry` throws, or with a
 * `TypeError` if an argument cannot be sent.
 *
 * The client retries when a retry is safe. It retries a 429 response after the time in its
 * `Retry-After` header. It retries a 5xx response, a broken connection or a timeout only if the
 * operation is read-only or accepts `Idempotency-Key`.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function createClient(options: ClientOptions): Client {
  const connection: Connection = {
    baseUrl: serviceUrl('baseUrl', options.baseUrl, 'tokens and API keys').href.replace(/\/$/, ''),
    token: options.token,
    attemptTimeoutMs: positiveInteger('attemptTimeoutMs', options.attemptTimeoutMs ?? 15_000),
    totalTimeoutMs: positiveInteger('totalTimeoutMs', options.totalTimeoutMs ?? 60_000),
    maxAttempts: positiveInteger('maxAttempts', options.maxAttempts ?? 4),
    fetch: options.fetch,
    onRetry: options.onRetry,
  };
  const methods = Object.entries(operations).map(([name, operation]) => [
    name,
    methodOf(connection, operation),
  ]);
  // The connection is reachable only from the methods' closures, so that printing the client does
  // not reveal the token.
  return Object.freeze(Object.fromEntries(methods)) as Client;
}
