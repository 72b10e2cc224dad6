import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';
import type { Response } from 'express';

/** Why a request is not let in, as the contract answers it. */
export class Refusal {
  readonly code: ErrorCode;
  /** Sent beside the body and `X-Error-Code`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The text of the code's kind when undefined. */
  readonly details: string | undefined;

  constructor(code: ErrorCode, headers: Readonly<Record<string, string>> = {}, details?: string) {
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/** The same for a key that is missing, mistyped, unknown, expired or deleted, so that nothing is learned from the difference. */
export const invalidKey = new Refusal('invalid_key', { 'WWW-Authenticate': 'ApiKey realm="andamio-api"' });

/** Whether the key is good could not be found out. */
export const unavailable = new Refusal('verification_unavailable');

/** Refuses a request over the limit a minute, which begins anew in so many milliseconds. */
export function overLimit(limit: number, milliseconds: number): Refusal {
  return new Refusal('rate_limited', {
    'Retry-After': `${Math.max(1, Math.ceil(milliseconds / 1000))}`,
    'X-RateLimit-Limit': `${limit}`,
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': `${Math.ceil((Date.now() + milliseconds) / 1000)}`,
  });
}

/** Answers with a refusal. */
export function refuse(response: Response, { code, headers, details }: Refusal): void {
  const body = errorBody(code, details);
  response.status(body.statusCode).set(headers).set(errorCodeHeader, code).json(body);
}
