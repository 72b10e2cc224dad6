import { healthPaths } from '@andamio/schema/health';
import { logEvents } from '@andamio/schema/log-events';
import { type RequestHandler, Router } from 'express';
import type { KeyStore } from '../keys/store.ts';
import type { Logger } from '../log.ts';
import { HttpError } from './response/errors.ts';
import { refuseOtherMethods } from './routing/methods.ts';

/** How old the result of a check may be, in milliseconds (service contract, "Health"). */
const maximumAge = 1_000;

/** Asks the store whether it is there: not more often than once a second, and never twice at a time. */
function readinessOf(store: KeyStore, log: Logger): () => Promise<boolean> {
  let last: { readonly ready: Promise<boolean>; until: number } | undefined;
  return () => {
    if (last !== undefined && performance.now() < last.until) return last.ready;
    const ready = store.check().then(
      () => true,
      (error: unknown) => {
        log.warn({ err: error }, logEvents.keyStoreUnavailable);
        return false;
      },
    );
    const check = { ready, until: Number.POSITIVE_INFINITY };
    void ready.then(() => {
      check.until = performance.now() + maximumAge;
    });
    last = check;
    return ready;
  };
}

/** Platforms ask every few seconds: worth a line only to who looks closely. */
const markRoutine: RequestHandler = ({ method, path }, { locals }, next) => {
  locals.route = { method, path, routine: true };
  next();
};

/** The paths by which a platform watches the service. They take no credentials and count against no limit. */
export function healthRouter(store: KeyStore, log: Logger): Router {
  const isReady = readinessOf(store, log);
  const router = Router({ caseSensitive: true, strict: true });
  router.get(healthPaths.live, markRoutine, (_request, response) => void response.json({ status: 'live' }));
  router.get(healthPaths.ready, markRoutine, async (_request, response) => {
    if (!(await isReady())) throw new HttpError('not_ready');
    response.json({ status: 'ready' });
  });
  router.all(Object.values(healthPaths), refuseOtherMethods(['get']));
  return router;
}
