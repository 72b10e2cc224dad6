import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Limit } from './limits/limit.ts';
import { requireHost } from './request/host.ts';
import { requestIdHeader } from './request/id.ts';
import { noStore, sendAnswer } from './response/answer.ts';
import type { CrossOrigin } from './response/cross-origin.ts';
import { type AnswerError, HttpError } from './response/errors.ts';

// The steps of what Express answers itself: pages, the webhook, health, 404 and 405.

/** Sends the request id. */
export const sendRequestId: RequestHandler = (_request, response, next) => {
  response.setHeader(requestIdHeader, response.locals.exchange.requestId);
  next();
};

/** Forbids caching, unless a later step allows it. */
export const forbidCaching: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Refuses requests without exactly one well-formed `Host`. */
export const refuseUnclearHost: RequestHandler = (request, _response, next) => {
  requireHost(request);
  next();
};

/** Answers preflights, and lets pages of listed origins read other answers. */
export function shareWithOrigins(crossOrigin: CrossOrigin): RequestHandler {
  return (request, response, next) => {
    if (crossOrigin.isPreflight(request)) return crossOrigin.answerPreflight(request, response);
    crossOrigin.expose(request, response);
    next();
  };
}

/** Counts requests against the limit of their client address. */
export function limitedByAddress({ name, counters, keyOf, maximumOf }: Limit<string>): RequestHandler {
  return rateLimit({
    windowMs: rateLimitWindow,
    standardHeaders: 'draft-8',
    legacyHeaders: true,
    identifier: name,
    store: counters,
    limit: (_request, { locals }) => maximumOf(locals['exchange'].address),
    keyGenerator: (_request, { locals }) => keyOf(locals['exchange'].address),
    handler: (_request, _response, next) => next(new HttpError('rate_limited')),
    // TRUST_PROXY_HOPS says how far X-Forwarded-For is trusted. The library's checks would only
    // warn.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
}

/**
 * Names the route of a request in its log line. It follows the step that matches method and path,
 * so that a line names only methods that the route accepts.
 *
 * @param path as the route has it, never as it was sent.
 */
export function reportRoute(path: string, routine = false): RequestHandler {
  return ({ method }, { locals }, next) => {
    locals.exchange.report.route = { method, path, routine };
    next();
  };
}

/**
 * Answers other methods of a path with 405 (RFC 9110 section 15.5.6). Express serves HEAD with GET.
 */
export function refuseOtherMethods(methods: readonly ('get' | 'post')[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : ['POST'])).join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allow);
    throw new HttpError('method_not_allowed');
  };
}

/** Answers paths that no route matches. */
export const refuseUnknownPaths: RequestHandler = () => {
  throw new HttpError('not_found');
};

/** Turns errors into answers: the last step. */
export function sendErrors(answerError: AnswerError): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    sendAnswer(response, answerError(error, response.locals.exchange, noStore));
  };
}
