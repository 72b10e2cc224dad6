import { type Connection, call } from './call.ts';
import type { Token } from './credential.ts';
import { operations } from './generated/contract.ts';
import type { CallOptions, Client, OperationDescriptor } from './operation.ts';

/** Options of a client. Times are in milliseconds. */
export interface ClientOptions {
  /**
   * URL of the service without `/api/v1`: `https://andamio-api-308006323670.us-central1.run.app`.
   */
  readonly baseUrl: string | URL;
  /**
   * The JWT without `Bearer`, or a function that returns it. The function is called before every
   * attempt. Operations that take an API key or no authentication do not need it.
   */
  readonly token?: Token | undefined;
  /** Time limit of one attempt, including the response. Default: 15,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Time limit of a call, including all attempts and pauses. Default: 60,000. */
  readonly totalTimeoutMs?: number | undefined;
  /** Largest number of attempts per call. Default: 4. With 1, the client does not retry. */
  readonly maxAttempts?: number | undefined;
}

/** Largest delay of a timer. */
const maximumMs = 2 ** 31 - 1;

function positiveInteger(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > maximumMs) {
    throw new RangeError(`${name} must be an integer from 1 to ${maximumMs}.`);
  }
  return value;
}

function parsedUrl(value: string | URL): URL | undefined {
  try {
    return new URL(value);
  } catch {
    // The parser's error quotes its input.
    return undefined;
  }
}

/**
 * Loopback hosts as the URL parser writes them. It normalizes other forms of 127.0.0.0/8 and ::1 to
 * these.
 */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Returns a base URL without its trailing slash. Error messages do not repeat the URL, which may
 * contain a password.
 */
function baseUrlOf(value: string | URL): string {
  const url = parsedUrl(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TypeError('baseUrl must be an https URL without credentials, query or fragment.');
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    throw new TypeError(
      'baseUrl must begin with https:, because tokens and API keys are sent there. http: is allowed only for loopback hosts.',
    );
  }
  return url.href.replace(/\/$/, '');
}

function methodOf(connection: Connection, operation: OperationDescriptor) {
  if (operation.credentials === 'key') {
    return (apiKey: string, options?: CallOptions) => call(connection, operation, { apiKey }, options);
  }
  return operation.body
    ? (body: unknown, options?: CallOptions) => call(connection, operation, { body }, options)
    : (options?: CallOptions) => call(connection, operation, {}, options);
}

/**
 * Creates a client with a method for each operation, which resolves to the body of the successful
 * response.
 *
 * Methods reject with an `ApiError`, with the error of `token`, or with a `TypeError` for an
 * argument that cannot be sent. The client retries when that is safe: a 429 after its
 * `Retry-After`; a 5xx, a broken connection or a timeout only if the operation reads or accepts
 * `Idempotency-Key`.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function createClient(options: ClientOptions): Client {
  const connection: Connection = {
    baseUrl: baseUrlOf(options.baseUrl),
    token: options.token,
    attemptTimeoutMs: positiveInteger('attemptTimeoutMs', options.attemptTimeoutMs ?? 15_000),
    totalTimeoutMs: positiveInteger('totalTimeoutMs', options.totalTimeoutMs ?? 60_000),
    maxAttempts: positiveInteger('maxAttempts', options.maxAttempts ?? 4),
  };
  const methods = Object.entries(operations).map(([name, operation]) => [name, methodOf(connection, operation)]);
  // Only the methods' closures hold the connection, so that inspecting the client does not show the token.
  return Object.freeze(Object.fromEntries(methods)) as Client;
}
