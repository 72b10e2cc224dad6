import { errorCodeHeader } from '@andamio/schema/errors';
import { rateLimitHeaders } from '@andamio/schema/rate-limits';
import cors from 'cors';
import type { RequestHandler } from 'express';

/**
 * Lets pages of the listed origins call the service (service contract, "Settled beside"). Only a real preflight is answered
 * here: another OPTIONS is a method like any other.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-API-Key'],
    exposedHeaders: [...rateLimitHeaders, 'X-Request-Id', errorCodeHeader],
  };
  const preflight = cors(options);
  const others = cors({ ...options, preflightContinue: true });
  return (request, response, next) => {
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    (isPreflight ? preflight : others)(request, response, next);
  };
}
