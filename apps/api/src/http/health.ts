import type { KeyStore } from '@andamio/keys/store';
import { healthPaths } from '@andamio/schema/health';
import { logEvents } from '@andamio/schema/log-events';
import { Router } from 'express';
import type { Clock } from '../clock.ts';
import { type Logger, logEvent } from '../log.ts';
import { refuseOtherMethods, reportRoute } from './express-steps.ts';
import { HttpError } from './response/errors.ts';

/** Maximum age of the result of a check, in milliseconds (contract, "Health"). */
const maximumAge = 1_000;

/**
 * Returns a function that reports whether the store is ready. It checks the store at most once a
 * second, and never twice at the same time.
 */
function readinessOf(
  store: KeyStore,
  log: Logger,
  { monotonicNow }: Clock,
): () => Promise<boolean> {
  let last: { readonly ready: Promise<boolean>; until: number } | undefined;
  return () => {
    if (last !== undefined && monotonicNow() < last.until) return last.ready;
    const ready = store.check().then(
      () => true,
      (error: unknown) => {
        logEvent(log, 'warn', logEvents.keyStoreUnavailable, { err: error });
        return false;
      },
    );
    const check = { ready, until: Number.POSITIVE_INFINITY };
    void ready.then(() => {
      check.until = monotonicNow() + maximumAge;
    });
    last = check;
    return ready;
  };
}

/**
 * Creates the router of the health checks. A health check requires no credentials, and no limit
 * applies to it.
 */
export function healthRouter(store: KeyStore, log: Logger, clock: Clock): Router {
  const isReady = readinessOf(store, log, clock);
  const router = Router({ caseSensitive: true, strict: true });
  // Platforms check every few seconds, so both routes are routine.
  router.get(healthPaths.live, reportRoute(healthPaths.live, true), (_request, response) => {
    response.json({ status: 'live' });
  });
  router.get(
    healthPaths.ready,
    reportRoute(healthPaths.ready, true),
    async (_request, response) => {
      if (!(await isReady())) throw new HttpError('not_ready');
      response.json({ status: 'ready' });
    },
  );
  router.all(Object.values(healthPaths), refuseOtherMethods(['get']));
  return router;
}
