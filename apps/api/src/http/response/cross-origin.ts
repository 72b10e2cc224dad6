import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodeHeader } from '@andamio/schema/errors';
import { rateLimitHeaders } from '@andamio/schema/rate-limits';
import { requestIdHeader } from '@andamio/schema/request-id';
import cors from 'cors';
import type { RawHeaders } from './answer.ts';

const exposedHeaders = [...rateLimitHeaders, requestIdHeader, errorCodeHeader];

/**
 * The header `Access-Control-Expose-Headers`, which names the response headers that pages of other
 * origins may read. The service sends it even if the request has no `Origin`.
 */
export const exposureHeaders: RawHeaders = [
  'Access-Control-Expose-Headers',
  exposedHeaders.join(','),
];

/** The rules for requests from pages of other origins (CORS). */
export interface CrossOrigin {
  /**
   * Reports whether a request is a preflight request from a listed origin (Fetch standard, CORS
   * protocol).
   */
  isPreflight(request: IncomingMessage): boolean;
  /** Sets the headers that allow a page of a listed origin to read the response. */
  expose(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a preflight request from a listed origin. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * Allows pages of the listed origins to call the service (contract, "Requests"). An OPTIONS request
 * that is not a preflight request of such a page is treated like a request with an unsupported
 * method.
 */
export function allowOrigins(origins: readonly string[]): CrossOrigin {
  const listed = new Set(origins);
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-API-Key'],
    exposedHeaders,
  };
  const preflight = cors(options);
  const others = cors({ ...options, preflightContinue: true });
  return {
    isPreflight: ({ method, headers }) =>
      method === 'OPTIONS' &&
      'access-control-request-method' in headers &&
      listed.has(headers.origin ?? ''),
    expose: (request, response) => others(request, response, () => {}),
    answerPreflight: (request, response) => preflight(request, response, () => {}),
  };
}
