import { apiKeyHeader, keyLength } from '@andamio/schema/key-format';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type {} from './api-key.ts';
import { FirestoreSource } from './firestore/source.ts';
import { firestoreStrategy } from './firestore/strategy.ts';
import { VerifyClient } from './http/client.ts';
import { httpStrategy } from './http/strategy.ts';
import { limitByStore, limitInMemory } from './limits/limit.ts';
import {
  type ApiKeyGuardOptions,
  readCommonOptions,
  readFirestoreOptions,
  readServiceOptions,
} from './options.ts';
import type { Outcome, Strategy } from './outcome.ts';
import { invalidKey, Refusal, refuse } from './refusal.ts';

/** The API key header in lowercase, as Node.js provides header names. */
const header = apiKeyHeader.toLowerCase();

/** Express middleware that requires an API key. */
export interface ApiKeyGuard extends RequestHandler {
  /**
   * Reports outstanding usage, waiting at most `timeoutMs`, then closes connections and stops
   * timers. Requests that arrive later are rejected with 503.
   */
  close(): Promise<void>;
}

function strategyOf(options: ApiKeyGuardOptions): Strategy {
  const common = { ...readCommonOptions(options), now: () => performance.now() };
  const { timeout: closeWithin, onError, now } = common;
  const { verify, guardSecret } = options;
  const service =
    verify === undefined
      ? undefined
      : new VerifyClient({ ...readServiceOptions({ verify, guardSecret }), ...common });
  if (options.firestore !== undefined) {
    const database = new FirestoreSource({ ...readFirestoreOptions(options), ...common });
    const { rateLimitStore } = options;
    const limit =
      rateLimitStore === undefined ? limitInMemory : limitByStore(rateLimitStore, onError);
    return firestoreStrategy({ database, limit, service, closeWithin, now });
  }
  if (service === undefined) throw new TypeError('Either verify or firestore must be set.');
  return httpStrategy({ service, closeWithin, now });
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
    const key = request.headers[header];
    // A value of the wrong length is rejected before the lookup, so that no long value is cached.
    const outcome =
      typeof key === 'string' && key.length === keyLength
        ? strategy.check(key, request)
        : invalidKey;
    // Cached results are handled synchronously. A promise would cost more than the rest of the
    // check.
    if (outcome instanceof Promise) {
      outcome.then((found) => settle(found, request, response, next)).catch(next);
    } else {
      settle(outcome, request, response, next);
    }
  };
  return Object.assign(guard, { close: () => strategy.close() });
}
