import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodeHeader } from '@andamio/schema/errors';
import { rateLimitHeaders } from '@andamio/schema/rate-limits';
import cors from 'cors';
import { requestIdHeader } from '../request/id.ts';
import type { RawHeaders } from './answer.ts';

const exposedHeaders = [...rateLimitHeaders, requestIdHeader, errorCodeHeader];

/** The header that names what pages may read, whether or not a page asks. */
export const exposureHeaders: RawHeaders = ['Access-Control-Expose-Headers', exposedHeaders.join(',')];

/** What pages of other origins may do. */
export interface CrossOrigin {
  /**
   * Reports whether a request is the preflight of a listed origin (Fetch standard, CORS protocol).
   */
  isPreflight(request: IncomingMessage): boolean;
  /** Sets the headers by which a page of a listed origin can read the answer. */
  expose(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a preflight of a listed origin. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * Lets pages of the listed origins call the service (service contract, "Settled beside"). An
 * OPTIONS request that is not a preflight of theirs is a method like any other.
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
      method === 'OPTIONS' && 'access-control-request-method' in headers && listed.has(headers.origin ?? ''),
    expose: (request, response) => others(request, response, () => {}),
    answerPreflight: (request, response) => preflight(request, response, () => {}),
  };
}
