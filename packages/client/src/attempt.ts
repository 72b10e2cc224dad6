import { readAnswer } from './answer.ts';
import { endingOf, unlessAborted } from './deadline.ts';
import { ApiError, apiError } from './error.ts';
import type { OperationFacts } from './operation.ts';

/** A token, or what gives one: asked before each attempt, so that a long wait does not end in an expired token. */
export type Token = string | (() => string | Promise<string>);

/** All that one call sends, the same on every attempt but for the token. */
export interface Request {
  readonly url: string;
  readonly operation: OperationFacts;
  readonly token: Token;
  /** The body's JSON. */
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** What `Authorization` can carry. A header's own refusal would quote the token. */
const sendable = /^[\x21-\x7e]+$/;

async function currentToken(token: Token, signal: AbortSignal): Promise<string> {
  const value = typeof token === 'string' ? token : await unlessAborted(signal, Promise.resolve(token()));
  if (typeof value !== 'string' || !sendable.test(value)) {
    throw new TypeError('The token must be visible ASCII characters, without the word "Bearer".');
  }
  return value;
}

/** The code of a system's error, such as ECONNREFUSED. Nothing else of it is kept: some quote what was received. */
function systemCodeOf(error: unknown, depth = 5): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : systemCodeOf(cause, depth - 1);
}

function transportError(error: unknown, signal: AbortSignal): ApiError {
  const code = endingOf(signal) ?? 'network';
  const message = {
    network: 'The connection could not be made, or broke.',
    timeout: 'No answer came in time.',
    aborted: 'The call was aborted by its signal.',
  }[code];
  const systemCode = code === 'network' ? systemCodeOf(error) : undefined;
  const reason = systemCode === undefined ? '' : ` Reason: ${systemCode}.`;
  return apiError({ code, message, details: `Whether the request was processed is not known.${reason}` });
}

/**
 * Sends a request once and reads the answer.
 *
 * @throws {ApiError} for every failure, but for a token that cannot be had or sent: that is the caller's own error.
 */
export async function attempt(request: Request, signal: AbortSignal): Promise<unknown> {
  const { operation, idempotencyKey } = request;
  const headers: Record<string, string> = { accept: 'application/json' };
  let token: string | undefined;
  if (operation.bearer) {
    token = await currentToken(request.token, signal).catch((error: unknown) => {
      throw signal.aborted ? transportError(error, signal) : error;
    });
    headers['authorization'] = `Bearer ${token}`;
  }
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  try {
    const response = await fetch(request.url, {
      method: operation.method,
      headers,
      body: request.body ?? null,
      signal,
      // The contract redirects nowhere, and a token must not follow whoever does.
      redirect: 'manual',
    });
    return await readAnswer(response, operation.members, token);
  } catch (error) {
    throw error instanceof ApiError ? error : transportError(error, signal);
  }
}
