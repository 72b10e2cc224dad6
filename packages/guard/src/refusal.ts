import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';
import type { Response } from 'express';

/** The reason for rejecting a request, with its response. */
export class Refusal {
  readonly code: ErrorCode;
  /** Response headers in addition to `X-Error-Code`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The details of the error; undefined for the default text of its code. */
  readonly details: string | undefined;

  constructor(code: ErrorCode, headers: Readonly<Record<string, string>> = {}, details?: string) {
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/**
 * The refusal of a key that is missing, mistyped, unknown, expired, deleted, or of a suspended
 * owner. It is the same in all cases, so that it reveals nothing about a key.
 */
export const invalidKey = new Refusal('invalid_key', { 'WWW-Authenticate': 'ApiKey realm="andamio-api"' });

/** The refusal of a key that could not be verified. */
export const unavailable = new Refusal('verification_unavailable');

/**
 * Creates the refusal of a request beyond a limit per minute.
 *
 * @param milliseconds time until the next window.
 */
export function rateLimited(limit: number, milliseconds: number): Refusal {
  return new Refusal('rate_limited', {
    'Retry-After': `${Math.max(1, Math.ceil(milliseconds / 1000))}`,
    'X-RateLimit-Limit': `${limit}`,
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': `${Math.ceil((Date.now() + milliseconds) / 1000)}`,
  });
}

/** Responds with a refusal. */
export function refuse(response: Response, { code, headers, details }: Refusal): void {
  const body = errorBody(code, details);
  response.status(body.statusCode).set(headers).set(errorCodeHeader, code).json(body);
}
