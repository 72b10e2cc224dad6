import { type ErrorCode, type ErrorStatus, errorBody, errorCodeHeader, errorKinds } from '@andamio/schema/errors';
import type { ErrorRequestHandler } from 'express';
import type { CredentialRefusal } from '../../auth/refusals.ts';
import { SigningKeysUnavailableError } from '../../auth/signing-keys.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../keys/store.ts';
import type { RequestLocals } from '../locals.ts';
import { type Answer, sendAnswer } from './answer.ts';

/** An error that a client is to see: its code fixes status and message, `details` says more for people. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ErrorCode;
  readonly details: string;
  readonly retryAfter: number | undefined;

  /**
   * @param details never contains a value that the client sent; the text of the code's kind when left out.
   * @param retryAfter seconds after which the same request may be answered, where that is known.
   */
  constructor(code: ErrorCode, details: string = errorKinds[code].details, retryAfter?: number) {
    super(code);
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

type CodeWithStatus<Status extends ErrorStatus> = {
  [Code in ErrorCode]: (typeof errorKinds)[Code]['status'] extends Status ? Code : never;
}[ErrorCode];

/** The credentials of a request are refused. Clients learn no more than the code says; the log has the reason. */
export class CredentialsRefusedError extends HttpError {
  readonly reason: CredentialRefusal;

  constructor(code: CodeWithStatus<401>, reason: CredentialRefusal) {
    super(code);
    this.reason = reason;
  }
}

/** The store did not answer, or too late to rely on it: nothing is known about a key. */
export class VerificationUnavailableError extends Error {
  override readonly name = 'VerificationUnavailableError';
}

/**
 * How to authenticate (RFC 9110 section 11.6.1; RFC 6750 section 3 for tokens): the same whatever is wrong, so that nothing is
 * learned from the difference.
 */
const challenges: Readonly<Record<CodeWithStatus<401>, string>> = {
  unauthenticated: 'Bearer realm="andamio-api", error="invalid_token"',
  invalid_signature: 'GitHub-Public-Key realm="andamio-api"',
  invalid_key: 'ApiKey realm="andamio-api"',
};

function codeOfCause(error: unknown): ErrorCode {
  if (error instanceof StoreUnavailableError) return 'store_unavailable';
  if (error instanceof OutcomeUnknownError) return 'outcome_unknown';
  if (error instanceof VerificationUnavailableError) return 'verification_unavailable';
  if (error instanceof SigningKeysUnavailableError) return 'signing_keys_unavailable';
  return 'internal';
}

/** What a client sees of an error. What it may not see is named by the id under which the cause was logged. */
function toHttpError(error: unknown, requestId: string): HttpError {
  if (error instanceof HttpError) return error;
  const code = codeOfCause(error);
  return new HttpError(code, `${errorKinds[code].details} Request id: ${requestId}.`);
}

/**
 * The one place where errors become answers, in the body that the contract fixes. A cause that a client does not see is left
 * for the request's log line.
 */
export function errorAnswer(error: unknown, locals: RequestLocals): Answer {
  const httpError = toHttpError(error, locals.requestId);
  if (httpError !== error) locals.cause = error;
  const { code, retryAfter } = httpError;
  locals.errorCode = code;
  if (httpError instanceof CredentialsRefusedError) locals.reason = httpError.reason;
  const isExplained = locals.explainsRefusals && locals.reason !== undefined;
  const body = errorBody(code, isExplained ? `${httpError.details} Reason: ${locals.reason}.` : httpError.details);
  return {
    status: body.statusCode,
    headers: [
      errorCodeHeader,
      code,
      ...(retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)]),
      ...(code in challenges ? ['WWW-Authenticate', challenges[code as keyof typeof challenges]] : []),
    ],
    json: JSON.stringify(body),
  };
}

/** The last step of Express. */
export const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  sendAnswer(response, errorAnswer(error, response.locals));
};
