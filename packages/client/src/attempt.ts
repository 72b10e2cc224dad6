import { readAnswer } from './answer.ts';
import { type CredentialSources, credentialOf } from './credential.ts';
import { endingOf } from './deadline.ts';
import { ApiError, apiError } from './error.ts';
import type { OperationFacts } from './operation.ts';

/** All that one call sends, the same on every attempt but for the token. */
export interface Request extends CredentialSources {
  readonly url: string;
  readonly operation: OperationFacts;
  /** The body's JSON. */
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/**
 * How far a request got that has no answer:
 *
 * - `unsent`: no connection was made for it;
 * - `broken`: its connection broke before a byte of the answer came, as those do that something on the way has dropped while they were idle;
 * - `unknown`: anything else.
 */
export type Reach = 'unsent' | 'broken' | 'unknown';

/** An attempt that failed. */
export class FailedAttempt {
  readonly error: ApiError;
  /** `unknown` where an answer came. */
  readonly reach: Reach;

  constructor(error: ApiError, reach: Reach) {
    this.error = error;
    this.reach = reach;
  }
}

/** Codes of Node's, which is what makes a connection there. Browsers tell none. */
const reachByCode: Readonly<Record<string, Reach>> = {
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

/** The code of a system's error, such as ECONNREFUSED. Nothing else of it is kept: some quote what was received. */
function systemCodeOf(error: unknown, depth = 5): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : systemCodeOf(cause, depth - 1);
}

function transportFailure(error: unknown, signal: AbortSignal, answered: boolean): FailedAttempt {
  const code = endingOf(signal) ?? 'network';
  const message = {
    network: 'The connection could not be made, or broke.',
    timeout: 'No answer came in time.',
    aborted: 'The call was aborted by its signal.',
  }[code];
  const systemCode = code === 'network' ? systemCodeOf(error) : undefined;
  const reach = answered ? 'unknown' : (reachByCode[systemCode ?? ''] ?? 'unknown');
  const outcome = reach === 'unsent' ? 'The request was not sent.' : 'Whether the request was processed is not known.';
  const reason = systemCode === undefined ? '' : ` Reason: ${systemCode}.`;
  return new FailedAttempt(apiError({ code, message, details: `${outcome}${reason}` }), reach);
}

/** Rethrows what a step of an attempt threw. */
function failWith(signal: AbortSignal, answered: boolean): (error: unknown) => never {
  return (error) => {
    throw error instanceof ApiError ? new FailedAttempt(error, 'unknown') : transportFailure(error, signal, answered);
  };
}

/**
 * Sends a request once and reads the answer.
 *
 * @throws {FailedAttempt} for every failure, but for a token or key that cannot be had or sent: that is the caller's own error.
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
    // The contract redirects nowhere, and neither token nor key must follow whoever does.
    redirect: 'manual',
  }).catch(failWith(signal, false));
  return readAnswer(response, operation.members, credential.secret).catch(failWith(signal, true));
}
