import type { RequestListener } from 'node:http';
import type { Settings } from '@andamio/schema/settings';
import express, { type Request, type Response } from 'express';
import helmet from 'helmet';
import type { VerifyAlert } from './auth/verify-alert.ts';
import type { VerifyToken } from './auth/verify-token.ts';
import { forbidCaching } from './http/caching.ts';
import { allowOrigins } from './http/cross-origin.ts';
import { answerErrors } from './http/errors.ts';
import { healthRouter } from './http/health.ts';
import { requireHost } from './http/host.ts';
import { type CreateCounters, limitAddresses, limitKeys, limitUsers } from './http/limits.ts';
import type {} from './http/locals.ts';
import { referenceRouter } from './http/reference/router.ts';
import { identifyRequest } from './http/request-id.ts';
import { logRequests } from './http/request-log.ts';
import { createRouter } from './http/route.ts';
import { routes } from './http/routes.ts';
import { secretScanningRouter } from './http/secret-scanning/router.ts';
import { originForm } from './http/target.ts';
import { meterUsage, storeUsageWhenDue } from './http/usage.ts';
import type { Keys } from './keys/set-up.ts';
import type { Logger } from './log.ts';

export interface AppDependencies {
  readonly settings: Pick<Settings, 'trustProxyHops' | 'ipRateLimitPerMinute' | 'corsOrigins'>;
  readonly log: Logger;
  readonly keys: Keys;
  readonly verifyToken: VerifyToken;
  /** Undefined where GitHub reports no leaked keys: then there is nothing at its path. */
  readonly verifyAlert: VerifyAlert | undefined;
  readonly createCounters: CreateCounters;
  /** Where the files of the reference page are. */
  readonly referenceFolder: string;
}

/** Puts the service together: the order of the steps of every request. */
export function createApp(dependencies: AppDependencies): RequestListener {
  const { settings, log, keys, verifyToken, verifyAlert, createCounters, referenceFolder } = dependencies;
  const app = express();
  app.set('trust proxy', settings.trustProxyHops);
  app.disable('x-powered-by');
  app.disable('etag'); // Answers hold keys and errors: nothing that a cache could ask about again.

  const addressLimit = limitAddresses(settings.ipRateLimitPerMinute, createCounters);
  const giveBackAddressLimit = addressLimit.giveBack;

  app.use(
    identifyRequest,
    logRequests(log),
    storeUsageWhenDue(keys.usage),
    helmet(),
    forbidCaching,
    requireHost,
    allowOrigins(settings.corsOrigins),
    healthRouter(keys.store, log),
    addressLimit.check,
    referenceRouter(referenceFolder),
    ...(verifyAlert === undefined ? [] : [secretScanningRouter({ keys, verifyAlert, giveBackAddressLimit, log })]),
    createRouter(routes(keys), {
      verifyToken,
      verifyKey: keys.verifier.verify,
      giveBackAddressLimit,
      userLimit: limitUsers(createCounters),
      keyLimit: limitKeys(createCounters),
      keyUsage: meterUsage(keys),
    }),
    answerErrors,
  );

  return (request, response) => {
    request.url = originForm(request.url ?? '');
    app(request as Request, response as Response);
  };
}
