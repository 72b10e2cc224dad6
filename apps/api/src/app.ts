import type { RequestListener } from 'node:http';
import type { Settings } from '@andamio/schema/settings';
import express, { type Request, type Response } from 'express';
import helmet from 'helmet';
import { recognizeGuards } from './auth/guard-secret.ts';
import type { VerifyAlert } from './auth/verify-alert.ts';
import type { VerifyToken } from './auth/verify-token.ts';
import { healthRouter } from './http/health.ts';
import {
  type CreateCounters,
  limitAddresses,
  limiting,
  limitKeys,
  limitUsers,
  refunding,
} from './http/limits/limit.ts';
import { meterUsage } from './http/limits/usage.ts';
import type {} from './http/locals.ts';
import { referenceRouter } from './http/reference/router.ts';
import { beginRequests } from './http/request/begin.ts';
import { refuseUnclearHost } from './http/request/host.ts';
import { tellRequestId } from './http/request/id.ts';
import { forbidCaching } from './http/response/caching.ts';
import { allowOrigins } from './http/response/cross-origin.ts';
import { answerErrors } from './http/response/errors.ts';
import { authenticateKey } from './http/routing/authenticate-key.ts';
import { createKeyListener } from './http/routing/key-listener.ts';
import { createRouter } from './http/routing/route.ts';
import { keyRoute, routes } from './http/routing/routes.ts';
import { secretScanningRouter } from './http/secret-scanning/router.ts';
import type { Keys } from './keys/set-up.ts';
import type { Logger } from './log.ts';

export interface AppDependencies {
  readonly settings: Pick<
    Settings,
    'production' | 'trustProxyHops' | 'ipRateLimitPerMinute' | 'guardSecrets' | 'corsOrigins'
  >;
  readonly log: Logger;
  readonly keys: Keys;
  readonly verifyToken: VerifyToken;
  /** Undefined if GitHub does not report leaked keys; its path then answers 404. */
  readonly verifyAlert: VerifyAlert | undefined;
  readonly createCounters: CreateCounters;
  /** Folder with the files of the reference page. */
  readonly referenceFolder: string;
}

/** Creates the service's request listener from its dependencies. */
export function createApp(dependencies: AppDependencies): RequestListener {
  const { settings, log, keys, verifyToken, verifyAlert, createCounters, referenceFolder } = dependencies;
  const { production, trustProxyHops, ipRateLimitPerMinute, guardSecrets, corsOrigins } = settings;
  const begin = beginRequests({ log, usage: keys.usage, trustProxyHops, explainsRefusals: !production });
  const crossOrigin = allowOrigins(corsOrigins);
  const addressLimit = limitAddresses(ipRateLimitPerMinute, createCounters);
  const giveBackAddressLimit = refunding(addressLimit);

  const keyLimit = limitKeys(createCounters);
  const keyListener = createKeyListener(keyRoute, {
    authenticate: authenticateKey(keys.verifier, addressLimit, recognizeGuards(guardSecrets)),
    keyLimit,
    meter: meterUsage(keys, keyLimit),
    crossOrigin,
  });

  const app = express();
  app.set('trust proxy', trustProxyHops); // The reference page needs the protocol and host of the request.
  app.disable('x-powered-by');
  app.disable('etag'); // Responses are not cacheable, so there is nothing to revalidate.
  // Express would answer `If-None-Match: *` with 304 even without an ETag.
  Object.defineProperty(app.request, 'fresh', { value: false });
  app.use(
    tellRequestId,
    helmet(),
    forbidCaching,
    refuseUnclearHost,
    crossOrigin.step,
    healthRouter(keys.store, log),
    limiting(addressLimit),
    referenceRouter(referenceFolder),
    ...(verifyAlert === undefined ? [] : [secretScanningRouter({ keys, verifyAlert, giveBackAddressLimit, log })]),
    createRouter(routes(keys), {
      verifyToken,
      giveBackAddressLimit,
      userLimit: limiting(limitUsers(createCounters, keys.knownTiers)),
    }),
    answerErrors,
  );

  return (request, response) => {
    const begun = begin(request, response);
    if (keyListener.isFor(request)) keyListener.answer(request, begun);
    else app(request as Request, begun as Response);
  };
}
