import { type ErrorCode, errorBody, errorCodeHeader } from '@andamio/schema/errors';
import type { Response } from 'express';

/** A rejected request's error code, response headers and details. */
export class Refusal {
  readonly code: ErrorCode;
  /** Response headers to send in addition to `X-Error-Code`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The `details` field of the error body. If undefined, the default text for the code is used. */
  readonly details: string | undefined;

  constructor(code: ErrorCode, headers: Readonly<Record<string, string>> = {}, details?: string) {
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/**
 * The refusal for a key that is missing, mistyped, unknown, expired, deleted, or owned by a
 * suspended user. All these cases have the same response, so that it reveals nothing about a key.
 */
export const invalidKey = new Refusal('invalid_key', {
  'WWW-Authenticate': 'ApiKey realm="andamio-api"',
});

/** The refusal for a key that could not be verified. */
export const unavailable = new Refusal('verification_unavailable');

/**
 * Creates the refusal for a request beyond a per-minute limit.
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

/** Sends a refusal as the response. */
export function refuse(response: Response, { code, headers, details }: Refusal): void {
  const body = errorBody(code, details);
  response.status(body.statusCode).set(headers).set(errorCodeHeader, code).json(body);
}
