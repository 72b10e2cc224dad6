import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { requestIdHeader } from '@andamio/schema/request-id';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Limit } from './limits/limit.ts';
import { requireHost } from './request/host.ts';
import { noStore, sendAnswer } from './response/answer.ts';
import type { CrossOrigin } from './response/cross-origin.ts';
import { type AnswerError, HttpError } from './response/errors.ts';

// Middleware for responses that Express sends without the pipeline: pages, the webhook, health
// checks, 404 and 405.

export const sendRequestId: RequestHandler = (_request, response, next) => {
  response.setHeader(requestIdHeader, response.locals.exchange.requestId);
  next();
};

/** Forbids caching, unless a later step allows it. */
export const forbidCaching: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Refuses requests without exactly one well-formed `Host` header. */
export const refuseUnclearHost: RequestHandler = (request, _response, next) => {
  requireHost(request);
  next();
};

/**
 * Answers CORS preflight requests, and allows pages of listed origins to read all other responses.
 */
export function shareWithOrigins(crossOrigin: CrossOrigin): RequestHandler {
  return (request, response, next) => {
    if (crossOrigin.isPreflight(request)) return crossOrigin.answerPreflight(request, response);
    crossOrigin.expose(request, response);
    next();
  };
}

/**
 * Counts each request against the limit of its client address, and refuses requests beyond the
 * limit.
 */
export function limitedByAddress({
  name,
  counters,
  keyOf,
  maximumOf,
}: Limit<string>): RequestHandler {
  return rateLimit({
    windowMs: rateLimitWindow,
    standardHeaders: 'draft-8',
    legacyHeaders: true,
    identifier: name,
    store: counters,
    limit: (_request, { locals }) => maximumOf(locals['exchange'].address),
    keyGenerator: (_request, { locals }) => keyOf(locals['exchange'].address),
    handler: (_request, _response, next) => next(new HttpError('rate_limited')),
    // TRUST_PROXY_HOPS determines which entries of X-Forwarded-For are trusted. The library's own
    // checks would only log warnings.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
}

/**
 * Adds the route of a request to its log line. Register this step only for the methods and the path
 * of the route, so that log lines never contain a method that the route does not accept.
 *
 * @param path the path as the route defines it, never as the client sent it.
 */
export function reportRoute(path: string, routine = false): RequestHandler {
  return ({ method }, { locals }, next) => {
    locals.exchange.report.route = { method, path, routine };
    next();
  };
}

/**
 * Creates a step that answers every request with 405 and lists the given methods in `Allow` (RFC
 * 9110 section 15.5.6). Register it after the handlers for these methods. `get` includes HEAD,
 * because Express serves HEAD requests with the handler for GET.
 */
export function refuseOtherMethods(methods: readonly ('get' | 'post')[]): RequestHandler {
  const allow = methods
    .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : ['POST']))
    .join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allow);
    throw new HttpError('method_not_allowed');
  };
}

/** Responds with 404 to requests whose path no route matches. */
export const refuseUnknownPaths: RequestHandler = () => {
  throw new HttpError('not_found');
};

/** Sends the answer for an error that an earlier step threw. Must be the last step. */
export function sendErrors(answerError: AnswerError): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    sendAnswer(response, answerError(error, response.locals.exchange, noStore));
  };
}
