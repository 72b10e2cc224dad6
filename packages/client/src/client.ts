import { type Connection, call } from './call.ts';
import type { Token } from './credential.ts';
import { operations } from './generated/contract.ts';
import type { CallOptions, Client, OperationFacts } from './operation.ts';

/** Settings of a client. Times are milliseconds. */
export interface ClientOptions {
  /** Where the service is, without `/api/v1`: `https://andamio-api-308006323670.us-central1.run.app`. */
  readonly baseUrl: string | URL;
  /**
   * The JWT without `Bearer`, or a function that gives one. The function is asked before every attempt. Operations that take
   * an API key, or nothing, do without.
   */
  readonly token?: Token | undefined;
  /** How long one attempt may take, its answer read to the end. By default 15,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** How long a call may take with all its attempts and pauses. By default 60,000. */
  readonly totalTimeoutMs?: number | undefined;
  /** How often a request is sent at most, the first time included. By default 4; 1 repeats nothing. */
  readonly maxAttempts?: number | undefined;
}

/** The longest that a timer can wait. */
const longestMs = 2 ** 31 - 1;

function positiveInteger(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > longestMs) {
    throw new RangeError(`${name} must be an integer from 1 to ${longestMs}.`);
  }
  return value;
}

function parsedUrl(value: string | URL): URL | undefined {
  try {
    return new URL(value);
  } catch {
    // The parser's own error quotes what it was given.
    return undefined;
  }
}

/** This machine by its own names, as a URL has them: other forms of 127.0.0.0/8 and of ::1 are these once they are parsed. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A base URL without its last slash. What is refused is not repeated, since it may hold a password. */
function baseUrlOf(value: string | URL): string {
  const url = parsedUrl(value);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TypeError('baseUrl must be an https URL without credentials, query and fragment.');
  }
  if (url.protocol === 'http:' && !loopback.test(url.hostname)) {
    throw new TypeError(
      'baseUrl must begin with https:, since tokens and API keys are sent there. http: is for loopback hosts only.',
    );
  }
  return url.href.replace(/\/$/, '');
}

function methodOf(connection: Connection, operation: OperationFacts) {
  if (operation.credentials === 'key') {
    return (apiKey: string, options?: CallOptions) => call(connection, operation, { apiKey }, options);
  }
  return operation.body
    ? (body: unknown, options?: CallOptions) => call(connection, operation, { body }, options)
    : (options?: CallOptions) => call(connection, operation, {}, options);
}

/**
 * Makes a client: a method for each operation, which resolves to the body of the good answer.
 *
 * A method rejects with an `ApiError`; and with what `token` throws, or a `TypeError` for an argument that cannot be sent.
 * By itself it repeats what is safe to repeat: a 429 after its `Retry-After`; a 5xx, a broken connection or an attempt
 * without answer only where the operation reads or declares `Idempotency-Key`.
 *
 * @throws {TypeError | RangeError} for settings that cannot be.
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
  // The connection, and with it the token, is reachable by the methods alone: no inspection of the client shows it.
  return Object.freeze(Object.fromEntries(methods)) as Client;
}
