import { attempt, FailedAttempt, type Request } from './attempt.ts';
import type { Token } from './credential.ts';
import { pause, withDeadline } from './deadline.ts';
import type { IdempotentCallOptions, OperationFacts } from './operation.ts';
import { breaksWithoutPause, isNoAttempt, pauseBeforeRepeating } from './repetition.ts';

/** Where calls go, and how long they may take. Times are milliseconds. */
export interface Connection {
  /** Without a slash at its end: paths are put behind it. */
  readonly baseUrl: string;
  readonly token: Token | undefined;
  readonly attemptTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly maxAttempts: number;
}

/** What an operation is called with, beside options. */
interface CallArguments {
  /** Sent as JSON, for an operation that takes a body. */
  readonly body?: unknown;
  /** For an operation that takes a key. */
  readonly apiKey?: string;
}

/** The form of an Idempotency-Key (service contract, "Beside the contract"). */
const idempotencyKeyForm = /^[\x21-\x7e]{1,128}$/;

function idempotencyKeyFor(operation: OperationFacts, chosen: string | undefined): string | undefined {
  if (operation.repeats !== 'by-key') {
    if (chosen !== undefined) throw new TypeError('This operation takes no idempotencyKey.');
    return undefined;
  }
  if (chosen === undefined) return crypto.randomUUID();
  if (!idempotencyKeyForm.test(chosen)) {
    throw new TypeError('idempotencyKey must be 1 to 128 visible ASCII characters.');
  }
  return chosen;
}

/**
 * Sends a request until an answer comes that repeating would not better, within bounds of number and time.
 *
 * @throws {ApiError}
 */
async function repeatWhileSafe(request: Request, connection: Connection, signal: AbortSignal): Promise<unknown> {
  const end = performance.now() + connection.totalTimeoutMs;
  const { repeats } = request.operation;
  let attempts = 0;
  let breaks = 0;
  for (;;) {
    try {
      return await withDeadline(connection.attemptTimeoutMs, signal, (attemptSignal) =>
        attempt(request, attemptSignal),
      );
    } catch (failure) {
      if (!(failure instanceof FailedAttempt)) throw failure;
      if (isNoAttempt(failure, repeats, breaks)) breaks++;
      else attempts++;
      const ms = pauseBeforeRepeating(failure, repeats, attempts + Math.max(0, breaks - breaksWithoutPause));
      // A pause that the call would not outlive tells the caller nothing: this error does.
      const goesOn = ms !== undefined && performance.now() + ms < end;
      if (!goesOn || signal.aborted || attempts >= connection.maxAttempts) throw failure.error;
      await pause(ms, signal);
    }
  }
}

/**
 * Calls an operation.
 *
 * @returns the body of the good answer.
 */
export async function call(
  connection: Connection,
  operation: OperationFacts,
  { body, apiKey }: CallArguments,
  options: IdempotentCallOptions = {},
): Promise<unknown> {
  const request: Request = {
    url: connection.baseUrl + operation.path,
    operation,
    token: connection.token,
    apiKey,
    body: operation.body ? JSON.stringify(body) : undefined,
    idempotencyKey: idempotencyKeyFor(operation, options.idempotencyKey),
  };
  return withDeadline(connection.totalTimeoutMs, options.signal, (signal) =>
    repeatWhileSafe(request, connection, signal),
  );
}
