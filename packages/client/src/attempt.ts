import { systemCodeOf } from '@andamio/schema/system-code';
import { type CredentialSources, credentialOf } from './credential.ts';
import { abortCause } from './deadline.ts';
import { ApiError, apiError } from './error.ts';
import type { OperationDescriptor } from './operation.ts';
import { readResponse } from './response.ts';

/** A function that sends a request, such as the global `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The parameters of a call. All attempts of the call use the same parameters, but a token function
 * may return a different token for each attempt.
 */
export interface Request extends CredentialSources {
  readonly url: string;
  readonly operation: OperationDescriptor;
  readonly fetch: Fetch | undefined;
  /** The request body as JSON text. Undefined if the operation has no body. */
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/**
 * The progress of a request that failed without a response:
 *
 * - `unsent`: the request was not sent. The attempt ended before the token was available, or no
 *   connection could be established.
 * - `broken`: the connection broke before the response started. This happens if a proxy has dropped
 *   an idle connection.
 * - `unknown`: any other failure.
 */
export type RequestProgress = 'unsent' | 'broken' | 'unknown';

/** A failed attempt. The client throws it only internally; callers never see it. */
export class FailedAttempt {
  readonly error: ApiError;
  /** The progress of the request. `unknown` if a response started. */
  readonly progress: RequestProgress;

  constructor(error: ApiError, progress: RequestProgress) {
    this.error = error;
    this.progress = progress;
  }
}

/**
 * The progress of a failed request, by the Node.js error code. Browsers do not expose error codes.
 */
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

/** How far a request got before it failed: its credential, the request itself, or the response. */
type Stage = 'credential' | 'request' | 'response';

function progressAt(stage: Stage, systemCode: string | undefined): RequestProgress {
  if (stage === 'credential') return 'unsent';
  return stage === 'request' ? (progressByCode[systemCode ?? ''] ?? 'unknown') : 'unknown';
}

function transportFailure(error: unknown, signal: AbortSignal, stage: Stage): FailedAttempt {
  const code = abortCause(signal) ?? 'network';
  const event = {
    network: 'The connection could not be established, or broke.',
    timeout: 'No response arrived in time.',
    aborted: 'The call was aborted by its signal.',
  }[code];
  const systemCode = code === 'network' ? systemCodeOf(error) : undefined;
  const progress = progressAt(stage, systemCode);
  const mayHaveBeenProcessed = progress !== 'unsent';
  const outcome = mayHaveBeenProcessed
    ? 'The request may have been processed.'
    : 'The request was not sent.';
  const reason = systemCode === undefined ? '' : ` Reason: ${systemCode}.`;
  const details = `${event} ${outcome}${reason}`;
  return new FailedAttempt(apiError({ code, details, mayHaveBeenProcessed }), progress);
}

/** Returns a function that wraps an error in a {@link FailedAttempt} and throws the wrapper. */
function failWith(signal: AbortSignal, stage: Stage): (error: unknown) => never {
  return (error) => {
    throw error instanceof ApiError
      ? new FailedAttempt(error, 'unknown')
      : transportFailure(error, signal, stage);
  };
}

/**
 * Sends a request once and reads the response.
 *
 * @throws {FailedAttempt} if the request fails.
 * @throws {TypeError} if the token or key is missing or cannot be sent in a header.
 */
export async function attempt(request: Request, signal: AbortSignal): Promise<unknown> {
  const { operation, idempotencyKey } = request;
  const credential = await credentialOf(operation.credentials, request, signal).catch(
    (error: unknown) => {
      throw signal.aborted ? transportFailure(error, signal, 'credential') : error;
    },
  );
  if (signal.aborted) throw transportFailure(signal.reason, signal, 'credential');
  const headers: Record<string, string> = { accept: 'application/json', ...credential.headers };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  const send = request.fetch ?? fetch;
  const response = await send(request.url, {
    method: operation.method,
    headers,
    body: request.body ?? null,
    signal,
    // The API never redirects. Following a redirect could send the token or key to another host.
    redirect: 'manual',
  }).catch(failWith(signal, 'request'));
  return readResponse(response, operation.requiredFields, credential.secret).catch(
    failWith(signal, 'response'),
  );
}
