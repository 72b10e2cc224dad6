import { type Connection, call } from './call.ts';
import type { Token } from './credential.ts';
import { operations } from './generated/contract.ts';
import type { CallOptions, Client, OperationDescriptor } from './operation.ts';

/** Options of a client. Times are in milliseconds. */
export interface ClientOptions {
  /**
   * URL of the service without `/api/v1`, such as
   * `https://andamio-api-308006323670.us-central1.run.app`.
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
  /** Maximum number of attempts per call. Default: 4. Set to 1 to disable retries. */
  readonly maxAttempts?: number | undefined;
}

/** Maximum delay of a timer in milliseconds. */
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
    // The parser's error is discarded because it quotes the URL.
    return undefined;
  }
}

/**
 * Matches a loopback host in the form that the URL parser returns. The parser normalizes other
 * spellings of 127.0.0.0/8 and ::1 to these forms.
 */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Returns a base URL without its trailing slash. Error messages do not quote the URL because it may
 * contain a password.
 */
function baseUrlOf(value: string | URL): string {
  const url = parsedUrl(value);
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  ) {
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
    return (apiKey: string, options?: CallOptions) =>
      call(connection, operation, { apiKey }, options);
  }
  return operation.body
    ? (body: unknown, options?: CallOptions) => call(connection, operation, { body }, options)
    : (options?: CallOptions) => call(connection, operation, {}, options);
}

/**
 * Creates a client with one method per operation. Each method resolves to the body of the
 * successful response.
 *
 * A method rejects with an `ApiError`, with the error of the `token` function, or with a
 * `TypeError` if an argument cannot be sent.
 *
 * The client retries when a retry is safe. It retries a 429 response after its `Retry-After`. It
 * retries a 5xx response, a broken connection or a timeout only if the operation only reads or
 * accepts `Idempotency-Key`.
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
  const methods = Object.entries(operations).map(([name, operation]) => [
    name,
    methodOf(connection, operation),
  ]);
  // The connection is reachable only from the methods' closures, so that printing the client does
  // not reveal the token.
  return Object.freeze(Object.fromEntries(methods)) as Client;
}
