import { apiKeyHeader, keyLength } from '@andamio/schema/key-format';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type {} from './api-key.ts';
import { FirestoreSource } from './firestore/source.ts';
import { firestoreWay } from './firestore/way.ts';
import { limitBy, limitHere } from './limits/limit.ts';
import { type ApiKeyGuardOptions, readCommonOptions, readFirestoreOptions, readServiceOptions } from './options.ts';
import type { Outcome, Way } from './outcome.ts';
import { invalidKey, Refusal, refuse } from './refusal.ts';
import { VerifyClient } from './verify/client.ts';
import { verifyWay } from './verify/way.ts';

/** As Node names it. */
const header = apiKeyHeader.toLowerCase();

/** The middleware, and the end of what it keeps open. */
export interface ApiKeyGuard extends RequestHandler {
  /**
   * Reports the usage that is not reported yet, for `timeoutMs` at most, and lets go of connections and timers. From then on
   * every request is answered with 503.
   */
  close(): Promise<void>;
}

function wayOf(options: ApiKeyGuardOptions): Way {
  const common = { ...readCommonOptions(options), now: () => performance.now() };
  const { timeout: closeWithin, onError, now } = common;
  const { verify, guardSecret } = options;
  const service =
    verify === undefined ? undefined : new VerifyClient({ ...readServiceOptions({ verify, guardSecret }), ...common });
  if (options.firestore !== undefined) {
    const database = new FirestoreSource({ ...readFirestoreOptions(options), ...common });
    const { rateLimitStore } = options;
    const limit = rateLimitStore === undefined ? limitHere : limitBy(rateLimitStore, onError);
    return firestoreWay({ database, limit, service, closeWithin, now });
  }
  if (service === undefined) throw new TypeError('Either verify or firestore must be set.');
  return verifyWay({ service, closeWithin, now });
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
 * Makes Express middleware that lets requests in whose `X-API-Key` is good and within its owner's limits, with `req.apiKey`
 * set; the others it answers with 401, 429 or 503 in the platform's error body.
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 */
export function apiKeyGuard(options: ApiKeyGuardOptions): ApiKeyGuard {
  const way = wayOf(options);

  const guard: RequestHandler = (request, response, next) => {
    const key = request.headers[header];
    // Whatever is longer than a key is not kept, not even as one that is refused.
    const outcome = typeof key === 'string' && key.length === keyLength ? way.check(key, request) : invalidKey;
    // A promise only where something is asked: on every other request it would cost more than all the rest.
    if (outcome instanceof Promise) {
      outcome.then((found) => settle(found, request, response, next)).catch(next);
    } else {
      settle(outcome, request, response, next);
    }
  };
  return Object.assign(guard, { close: () => way.close() });
}
