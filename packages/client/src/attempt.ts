import { type CredentialSources, credentialOf } from './credential.ts';
import { abortCause } from './deadline.ts';
import { ApiError, apiError } from './error.ts';
import type { OperationDescriptor } from './operation.ts';
import { readResponse } from './response.ts';

/** The parameters of a call. They are the same for every attempt, except for the token. */
export interface Request extends CredentialSources {
  readonly url: string;
  readonly operation: OperationDescriptor;
  /** The body as JSON. */
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/**
 * How far a request without a response got:
 *
 * - `unsent`: no connection was made for it.
 * - `broken`: its connection broke before the response started, as idle connections do that a proxy
 *   has dropped.
 * - `unknown`: anything else.
 */
export type RequestProgress = 'unsent' | 'broken' | 'unknown';

/** An attempt that failed. */
export class FailedAttempt {
  readonly error: ApiError;
  /** `unknown` if there was a response. */
  readonly progress: RequestProgress;

  constructor(error: ApiError, progress: RequestProgress) {
    this.error = error;
    this.progress = progress;
  }
}

/** The progress for error codes of Node.js. Browsers do not expose a code. */
const progressByCode: Readonly<Record<string, RequestProgress>> = {
  EAI_AGAIN: 'unsent',
  ECONNREFUSED: 'unsent',
  EHOSTUNREACH: 'unsent',
  ENETUNREACH: 'unsent',
  ENOTFOUND: 'unsent',
  UND_ERR_CONNECT_TIMEOUT: 'unsent',
  ECONNRESET: 'broken',
  EPIPE: 'broken',
  UND_ERR_SOCKET: 'broken',
};

/**
 * Returns the code of a system error, such as ECONNREFUSED. Nothing else of the error is used,
 * because some messages quote received data.
 */
function systemCodeOf(error: unknown, depth = 5): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : systemCodeOf(cause, depth - 1);
}

function transportFailure(error: unknown, signal: AbortSignal, answered: boolean): FailedAttempt {
  const code = abortCause(signal) ?? 'network';
  const message = {
    network: 'The connection could not be established, or broke.',
    timeout: 'No response arrived in time.',
    aborted: 'The call was aborted by its signal.',
  }[code];
  const systemCode = code === 'network' ? systemCodeOf(error) : undefined;
  const progress = answered ? 'unknown' : (progressByCode[systemCode ?? ''] ?? 'unknown');
  const outcome = progress === 'unsent' ? 'The request was not sent.' : 'The request may have been processed.';
  const reason = systemCode === undefined ? '' : ` Reason: ${systemCode}.`;
  return new FailedAttempt(apiError({ code, message, details: `${outcome}${reason}` }), progress);
}

/** Returns a handler that rethrows an error of an attempt as {@link FailedAttempt}. */
function failWith(signal: AbortSignal, answered: boolean): (error: unknown) => never {
  return (error) => {
    throw error instanceof ApiError ? new FailedAttempt(error, 'unknown') : transportFailure(error, signal, answered);
  };
}

/**
 * Sends a request once and reads the response.
 *
 * @throws {FailedAttempt} for every failure except a token or key that is missing or cannot be
 * sent, which is the caller's error.
 */
export async function attempt(request: Request, signal: AbortSignal): Promise<unknown> {
  const { operation, idempotencyKey } = request;
  const credential = await credentialOf(operation.credentials, request, signal).catch((error: unknown) => {
    throw signal.aborted ? transportFailure(error, signal, false) : error;
  });
  const headers: Record<string, string> = { accept: 'application/json', ...credential.headers };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  const response = await fetch(request.url, {
    method: operation.method,
    headers,
    body: request.body ?? null,
    signal,
    // The API never redirects, and the token or key must not be sent to another host.
    redirect: 'manual',
  }).catch(failWith(signal, false));
  return readResponse(response, operation.requiredFields, credential.secret).catch(failWith(signal, true));
}
