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
 * @throws {ApiError} for every failure, but for a token or key that cannot be had or sent: that is the caller's own error.
 */
export async function attempt(request: Request, signal: AbortSignal): Promise<unknown> {
  const { operation, idempotencyKey } = request;
  const credential = await credentialOf(operation.credentials, request, signal).catch((error: unknown) => {
    throw signal.aborted ? transportError(error, signal) : error;
  });
  const headers: Record<string, string> = { accept: 'application/json', ...credential.headers };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  try {
    const response = await fetch(request.url, {
      method: operation.method,
      headers,
      body: request.body ?? null,
      signal,
      // The contract redirects nowhere, and neither token nor key must follow whoever does.
      redirect: 'manual',
    });
    return await readAnswer(response, operation.members, credential.secret);
  } catch (error) {
    throw error instanceof ApiError ? error : transportError(error, signal);
  }
}
