import { apiKeyHeader, keyLength } from '@andamio/schema/key-format';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type {} from './api-key.ts';
import { FirestoreSource } from './firestore/source.ts';
import { firestoreStrategy } from './firestore/strategy.ts';
import { VerifyClient } from './http/client.ts';
import { httpStrategy } from './http/strategy.ts';
import { limitByStore, limitInMemory } from './limits/limit.ts';
import { type ApiKeyGuardOptions, readCommonOptions, readFirestoreOptions, readServiceOptions } from './options.ts';
import type { Outcome, Strategy } from './outcome.ts';
import { invalidKey, Refusal, refuse } from './refusal.ts';

/** The header's name in lower case, as Node.js provides it. */
const header = apiKeyHeader.toLowerCase();

/** Express middleware that requires an API key. */
export interface ApiKeyGuard extends RequestHandler {
  /**
   * Reports outstanding usage within `timeoutMs`, then closes connections and timers. All later
   * requests are rejected with 503.
   */
  close(): Promise<void>;
}

function strategyOf(options: ApiKeyGuardOptions): Strategy {
  const common = { ...readCommonOptions(options), now: () => performance.now() };
  const { timeout: closeWithin, onError, now } = common;
  const { verify, guardSecret } = options;
  const service =
    verify === undefined ? undefined : new VerifyClient({ ...readServiceOptions({ verify, guardSecret }), ...common });
  if (options.firestore !== undefined) {
    const database = new FirestoreSource({ ...readFirestoreOptions(options), ...common });
    const { rateLimitStore } = options;
    const limit = rateLimitStore === undefined ? limitInMemory : limitByStore(rateLimitStore, onError);
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
 * Creates Express middleware that accepts requests with a valid `X-API-Key` within its owner's
 * limits and sets `req.apiKey`. It rejects other requests with 401, 429 or 503 and the platform's
 * error body.
 *
 * @throws {TypeError | RangeError} if an option is invalid.
 */
export function apiKeyGuard(options: ApiKeyGuardOptions): ApiKeyGuard {
  const strategy = strategyOf(options);

  const guard: RequestHandler = (request, response, next) => {
    const key = request.headers[header];
    // A longer value is rejected here, so that it is not cached even as a refusal.
    const outcome = typeof key === 'string' && key.length === keyLength ? strategy.check(key, request) : invalidKey;
    // Cached answers are synchronous, because a promise would cost more than the rest of the
    // request's check.
    if (outcome instanceof Promise) {
      outcome.then((found) => settle(found, request, response, next)).catch(next);
    } else {
      settle(outcome, request, response, next);
    }
  };
  return Object.assign(guard, { close: () => strategy.close() });
}
