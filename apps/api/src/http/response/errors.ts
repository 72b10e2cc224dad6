import {
  type KeyDependencies,
  OutcomeUnknownError,
  StoreUnavailableError,
} from '@andamio/keys/store';
import {
  type ErrorCode,
  type ErrorStatus,
  errorBody,
  errorCodeHeader,
  errorKinds,
  oauthErrorOf,
  specificDetails,
} from '@andamio/schema/errors';
import type { CredentialRefusal } from '../../auth/refusals.ts';
import { SigningKeysUnavailableError } from '../../auth/signing-keys.ts';
import type { Exchange } from '../exchange.ts';
import { type Answer, jsonType, type RawHeaders } from './answer.ts';

/**
 * An error that is reported to the client. Its code determines the status and message, and
 * `details` is a human-readable explanation.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ErrorCode;
  readonly details: string;
  readonly retryAfter: number | undefined;

  /**
   * @param code for `expiry_too_late`, `details` must be given: they depend on the operator's
   *   maximum ({@link refusalOf}).
   * @param details must not contain a value that the client sent. Defaults to the text of the code.
   * @param retryAfter seconds after which the same request may succeed, if known.
   */
  constructor(
    code: Exclude<ErrorCode, 'expiry_too_late'>,
    details?: string | undefined,
    retryAfter?: number,
  );
  constructor(code: ErrorCode, details: string, retryAfter?: number);
  constructor(code: ErrorCode, details: string = errorKinds[code].details, retryAfter?: number) {
    super(code);
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/**
 * Returns the error for an outcome by which the domain refuses a request. If the operator set a
 * maximum validity, `expiry_too_late` mentions only that: within the maximum, no key can reach the
 * year 9999.
 */
export function refusalOf(
  outcome: ErrorCode,
  { maximumDays }: Pick<KeyDependencies, 'maximumDays'>,
): HttpError {
  const details =
    outcome === 'expiry_too_late' && maximumDays !== undefined
      ? specificDetails.maximumDays(maximumDays)
      : errorKinds[outcome].details;
  return new HttpError(outcome, details);
}

type CodeWithStatus<Status extends ErrorStatus> = {
  [Code in ErrorCode]: (typeof errorKinds)[Code]['status'] extends Status ? Code : never;
}[ErrorCode];

/** The error for refused credentials. The client sees only the code; the reason is logged. */
export class CredentialsRefusedError extends HttpError {
  readonly reason: CredentialRefusal;

  constructor(code: CodeWithStatus<401>, reason: CredentialRefusal) {
    super(code);
    this.reason = reason;
  }
}

/**
 * The key could not be verified, because the store did not respond, or responded too late for the
 * result to be reliable.
 */
export class VerificationUnavailableError extends Error {
  override readonly name = 'VerificationUnavailableError';
}

/**
 * The `WWW-Authenticate` challenges (RFC 9110 section 11.6.1; RFC 6750 section 3 for tokens). A
 * challenge does not depend on the reason for the refusal, so it does not disclose the reason.
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

/**
 * Returns an error whose `details` name the request, so that a client can report it to the
 * operator.
 */
export function withRequestId(code: ErrorCode, requestId: string): HttpError {
  return new HttpError(code, `${errorKinds[code].details} Request id: ${requestId}.`);
}

/**
 * Returns the error to report to the client. An unexpected error is identified only by the request
 * id.
 */
function toHttpError(error: unknown, requestId: string): HttpError {
  if (error instanceof HttpError) return error;
  return withRequestId(codeOfCause(error), requestId);
}

/** Reports whether an error is answered with 429. */
export function isTooManyRequests(error: unknown): boolean {
  return error instanceof HttpError && errorKinds[error.code].status === 429;
}

/**
 * Reports whether an error means that the credentials of a request could not be verified, because the
 * store or the signing keys are unavailable. The address limit does not count such a request
 * (docs/decisions/0031-address-limit-exemptions.md).
 */
export function isUnverifiable(error: unknown): boolean {
  return (
    error instanceof VerificationUnavailableError || error instanceof SigningKeysUnavailableError
  );
}

/**
 * Creates the answer for an error, and adds the error to the request's log line.
 *
 * @param isOAuth whether the body of an error that OAuth defines also has OAuth's member `error`.
 */
export type AnswerError = (
  error: unknown,
  exchange: Exchange,
  headers: RawHeaders,
  isOAuth?: boolean,
) => Answer;

/**
 * Creates the function that turns every error into an answer. The body of the answer has the format
 * of errors in the contract.
 *
 * @param explainsRefusals whether `details` contains the reason for refusing credentials. Only for
 *   development.
 */
export function answerErrors(explainsRefusals: boolean): AnswerError {
  return (error, { requestId, report }, headers, isOAuth = false) => {
    const httpError = toHttpError(error, requestId);
    if (httpError !== error) report.cause = error;
    const { code, details, retryAfter } = httpError;
    const reason = httpError instanceof CredentialsRefusedError ? httpError.reason : undefined;
    report.refusal = { code, reason };
    const isExplained = explainsRefusals && reason !== undefined;
    const body = errorBody(code, isExplained ? `${details} Reason: ${reason}.` : details);
    const retry = retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)];
    const challenge =
      code in challenges ? ['WWW-Authenticate', challenges[code as keyof typeof challenges]] : [];
    return {
      status: body.statusCode,
      headers: [...headers, ...jsonType, errorCodeHeader, code, ...retry, ...challenge],
      body: JSON.stringify(isOAuth ? { ...body, error: oauthErrorOf(code) } : body),
    };
  };
}
