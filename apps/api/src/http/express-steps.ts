import { rateLimitHeaders, rateLimitWindow } from '@andamio/schema/rate-limits';
import { requestIdHeader } from '@andamio/schema/request-id';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { type AugmentedRequest, type RateLimitInfo, rateLimit } from 'express-rate-limit';
import type { Counted } from '../counters/counters.ts';
import { limitHeaders } from './limits/headers.ts';
import { type Limit, RequestCount } from './limits/limit.ts';
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

/** Returns the result of counting a request with the steps of {@link limitedByAddress}. */
export function countedRequest(request: Request): Counted {
  const { used, resetTime } = (request as AugmentedRequest)['rateLimit'] as RateLimitInfo & Counted;
  return { totalHits: used, resetTime };
}

/**
 * Creates the steps that count each request against the limit of its client address, and refuse
 * requests beyond the limit. express-rate-limit counts; the refusal and the headers are those of
 * the pipeline.
 */
export function limitedByAddress(limit: Limit<string>): RequestHandler[] {
  const { counters, keyOf, maximumOf } = limit;
  const count = rateLimit({
    windowMs: rateLimitWindow,
    standardHeaders: false,
    legacyHeaders: false,
    store: counters,
    limit: (_request, { locals }) => maximumOf(locals['exchange'].address),
    keyGenerator: (_request, { locals }) => keyOf(locals['exchange'].address),
    handler: (_request, _response, next) => next(),
    // TRUST_PROXY_HOPS determines which entries of X-Forwarded-For are trusted. The library's own
    // checks would only log warnings.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
  const refuse: RequestHandler = async (request, response, next) => {
    const requestCount = new RequestCount();
    const { address } = response.locals.exchange;
    try {
      requestCount.record(limit, address, countedRequest(request));
    } catch (error) {
      await counters.decrement(keyOf(address)); // A refused request is not counted.
      throw error;
    } finally {
      const headers =
        requestCount.status === undefined ? [] : limitHeaders(requestCount.status, limit.now());
      for (let index = 0; index < headers.length; index += 2)
        response.setHeader(headers[index] as string, headers[index + 1] as string);
    }
    next();
  };
  return [count, refuse];
}

/** Removes the rate limit headers from a response to a request whose count was refunded. */
export function removeLimitHeaders(response: Response): void {
  for (const name of rateLimitHeaders) response.removeHeader(name);
}

/**
 * Adds the route of a request to its log line. Register this step only for the methods and the path
 * of the route, so that log lines never contain a method that the route does not accept.
 *
 * @param path the path as the route defines it, never as the client sent it.
 */
export function reportRoute(path: string, routine = false): RequestHandler {
  return (_request, { locals }, next) => {
    locals.exchange.report.route = { path, routine };
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
