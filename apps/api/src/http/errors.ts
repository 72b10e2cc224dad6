import { type ErrorCode, type ErrorStatus, errorBody, errorCodeHeader, errorKinds } from '@andamio/schema/errors';
import type { ErrorRequestHandler, Response } from 'express';
import { SigningKeysUnavailableError } from '../auth/signing-keys.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../keys/store.ts';

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

/** The store did not answer, or too late to rely on it: nothing is known about a key. */
export class VerificationUnavailableError extends Error {
  override readonly name = 'VerificationUnavailableError';
}

type CodeWithStatus<Status extends ErrorStatus> = {
  [Code in ErrorCode]: (typeof errorKinds)[Code]['status'] extends Status ? Code : never;
}[ErrorCode];

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

/** Answers with an error in the body that the contract fixes. */
function sendError(response: Response, { code, details, retryAfter }: HttpError): void {
  const body = errorBody(code, details);
  response.set(errorCodeHeader, code);
  if (retryAfter !== undefined) response.set('Retry-After', String(retryAfter));
  if (code in challenges) response.set('WWW-Authenticate', challenges[code as keyof typeof challenges]);
  response.status(body.statusCode).json(body);
}

/** The one place where errors become answers. Causes that a client does not see are left for the request's log line. */
export const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { locals } = response;
  const httpError = toHttpError(error, locals.requestId);
  if (httpError !== error) locals.cause = error;
  sendError(response, httpError);
};
