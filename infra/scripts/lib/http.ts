import { Failure } from './cli.ts';

/** A response whose body has arrived completely. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface CallOptions extends Omit<RequestInit, 'signal'> {
  /** Milliseconds until the complete response must have arrived. Defaults to 30 seconds. */
  readonly timeout?: number;
  /** A signal that cancels the request. */
  readonly until?: AbortSignal;
}

/**
 * Returns the reason for a failed request. Node.js hides it in the cause of a "fetch failed" error.
 */
function reasonOf(error: unknown, timeout: number): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no complete response within ${timeout / 1000} s`;
  return cause instanceof Error
    ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}`
    : message;
}

/**
 * Sends a request and reads the response. A response with an error status is returned, too.
 *
 * @throws {Failure} with the URL, without its query, and the reason if no complete response arrives
 * @throws the reason of `until` if it aborts
 */
export async function call(
  url: string,
  { timeout = 30_000, until, ...init }: CallOptions = {},
): Promise<Answer> {
  const limit = AbortSignal.timeout(timeout);
  const signal = until === undefined ? limit : AbortSignal.any([until, limit]);
  try {
    const response = await fetch(url, { ...init, signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    until?.throwIfAborted();
    throw new Failure(`${url.split('?')[0]} cannot be called: ${reasonOf(error, timeout)}.`);
  }
}

/** Parses a JSON body. Returns undefined if it is not valid JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
