import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, errorCodeHeader } from '@andamio/schema/errors';
import { apiKeyHeader } from '@andamio/schema/key-format';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { ApiKey } from './api-key.ts';
import type { ApiKeyGuardOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { Refusal } from './refusal.ts';
import { checkHeader, strategyOf } from './strategy.ts';

/** The API key header in lowercase, as Node.js provides header names. */
const header = apiKeyHeader.toLowerCase();

declare global {
  namespace Express {
    interface Request {
      /**
       * The API key that the request presented. Middleware that runs before the guard sees
       * undefined.
       */
      apiKey: ApiKey;
    }
  }
}

/**
 * Express middleware that requires an API key.
 *
 * Its parameters have the Node.js types that Express's own types extend. This module's declarations
 * therefore compile without Express, for applications that import only `createKeyChecker`.
 */
export interface ApiKeyGuard {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /**
   * Reports outstanding usage, waiting at most `timeoutMs`, then closes connections and stops
   * timers. Requests that arrive later are rejected with 503.
   */
  close(): Promise<void>;
}

function refuse(response: Response, { code, headers, details }: Refusal): void {
  const body = errorBody(code, details);
  response.status(body.statusCode).set(headers).set(errorCodeHeader, code).json(body);
}

function settle(outcome: Outcome, request: Request, response: Response, next: NextFunction): void {
  if (outcome instanceof Refusal) {
    refuse(response, outcome);
  } else {
    request.apiKey = outcome;
    next();
  }
}

/**
 * Creates Express middleware that requires a valid `X-API-Key` header.
 *
 * A request within the rate limit of the key's owner is accepted, and `req.apiKey` is set. Other
 * requests are rejected with 401, 429 or 503 and an error body in the API's format.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function apiKeyGuard(options: ApiKeyGuardOptions): ApiKeyGuard {
  const strategy = strategyOf(options);

  const guard: RequestHandler = (request, response, next) => {
    const outcome = checkHeader(strategy, request.headers[header], request);
    // Cached results are handled synchronously. A promise would cost more than the rest of the
    // check.
    if (outcome instanceof Promise) {
      outcome.then((found) => settle(found, request, response, next)).catch(next);
    } else {
      settle(outcome, request, response, next);
    }
  };
  return Object.assign(guard as ApiKeyGuard, { close: () => strategy.close() });
}
