import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodeHeader } from '@andamio/schema/errors';
import { rateLimitHeaders } from '@andamio/schema/rate-limits';
import cors from 'cors';
import type { RequestHandler } from 'express';

/** What pages of other origins may do. */
export interface CrossOrigin {
  /** Whether a request asks on behalf of a page of a listed origin, before that sends its own (Fetch standard, CORS protocol). */
  isPreflight(request: IncomingMessage): boolean;
  /** Sets what lets such a page read the answer. */
  expose(request: IncomingMessage, response: ServerResponse): void;
  /** Both as a step of Express: a preflight is answered, of others the answer can be read. */
  readonly step: RequestHandler;
}

/**
 * Lets pages of the listed origins call the service (service contract, "Settled beside"). An OPTIONS that is no preflight of theirs
 * is a method like any other.
 */
export function allowOrigins(origins: readonly string[]): CrossOrigin {
  const listed = new Set(origins);
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-API-Key'],
    exposedHeaders: [...rateLimitHeaders, 'X-Request-Id', errorCodeHeader],
  };
  const preflight = cors(options);
  const others = cors({ ...options, preflightContinue: true });

  const isPreflight = ({ method, headers }: IncomingMessage) =>
    method === 'OPTIONS' && 'access-control-request-method' in headers && listed.has(headers.origin ?? '');
  return {
    isPreflight,
    expose: (request, response) => others(request, response, () => {}),
    step: (request, response, next) => (isPreflight(request) ? preflight : others)(request, response, next),
  };
}
