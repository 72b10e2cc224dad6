import { ApiError } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { CliError, type ExitCode, exitCodes } from './exit-code.ts';

/** The exit code and the message for a failed command. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** A message for the user. It contains neither a token nor a key. */
  readonly message: string;
}

function exitCodeOf({ code, status, retryAfter }: ApiError): ExitCode {
  if (status === undefined || code === 'unexpected_answer' || status >= 500)
    return code === 'aborted' ? exitCodes.refused : exitCodes.unavailable;
  if (status === 401 || code === 'insufficient_scope') return exitCodes.credentials;
  // Without Retry-After, waiting does not help.
  return status === 429 && retryAfter !== undefined ? exitCodes.retryLater : exitCodes.refused;
}

function remedyOf({ code, status, retryAfter }: ApiError): string {
  if (code === 'unauthenticated') return 'Get a new token from your identity provider.';
  if (code === 'invalid_key') return 'Set ANT_API_KEY to a valid key, or log in again.';
  if (code === 'network') return 'Check the URL of the service and your connection.';
  if (code === 'not_found' || (code === 'unexpected_answer' && status < 500))
    return 'Check the URL of the service.';
  return retryAfter === undefined ? '' : `Retry in ${retryAfter} s.`;
}

/** Returns the exit code and the message for an error. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (error instanceof ApiError) {
    const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
    const lines = [`${error.message}${request}`, remedyOf(error)].filter(Boolean);
    return { exitCode: exitCodeOf(error), message: lines.map(printable).join('\n') };
  }
  // The messages of unexpected errors are not printed, because they may quote a secret.
  const { name, code, stack = '' } = error as NodeJS.ErrnoException;
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  const title = `Unexpected error: ${[name, code].filter(Boolean).join(' ')}`;
  return { exitCode: exitCodes.software, message: [title, ...frames].join('\n') };
}
