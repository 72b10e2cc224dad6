import type { RequestListener } from 'node:http';
import type { Keys } from '@andamio/keys/set-up';
import type { SignInProvider } from '@andamio/schema/console-settings';
import { logEvents } from '@andamio/schema/log-events';
import type { Settings } from '@andamio/schema/settings';
import { recognizeGuards } from './auth/credentials.ts';
import type { VerifyAlert } from './auth/verify-alert.ts';
import type { VerifyToken } from './auth/verify-token.ts';
import type { Clock } from './clock.ts';
import type { CreateCounters, KeyCounters } from './counters/counters.ts';
import type { RedisUsage } from './counters/redis-usage.ts';
import { createAuthentication } from './http/authenticate.ts';
import { consoleRouter } from './http/console/router.ts';
import { createExpress } from './http/express.ts';
import { healthRouter } from './http/health.ts';
import { limitAddresses, limitKeys, limitReportedKeys, limitUsers } from './http/limits/limit.ts';
import { countAlone, countTogether } from './http/limits/usage.ts';
import { findRow } from './http/operations/row.ts';
import { operationTable } from './http/operations/table.ts';
import { createPipeline } from './http/pipeline.ts';
import { referenceRouter } from './http/reference/router.ts';
import { beginExchanges } from './http/request/begin.ts';
import { createOriginOf } from './http/request/origin.ts';
import { pathOf } from './http/request/target.ts';
import { allowOrigins } from './http/response/cross-origin.ts';
import { answerErrors } from './http/response/errors.ts';
import { secretScanningRouter } from './http/secret-scanning/router.ts';
import { type Logger, logEvent } from './log.ts';

export interface AppDependencies {
  readonly settings: Pick<
    Settings,
    | 'production'
    | 'trustProxyHops'
    | 'ipRateLimitPerMinute'
    | 'guardSecrets'
    | 'corsOrigins'
    | 'console'
    | 'consoleSignIn'
    | 'maxExpiresInDays'
    | 'keyReports'
    | 'deviceLogin'
  >;
  readonly log: Logger;
  readonly keys: Keys<RedisUsage>;
  readonly verifyToken: VerifyToken;
  /**
   * The verifier of GitHub's alerts. If undefined, the webhook is disabled and its path answers
   * 404.
   */
  readonly verifyAlert: VerifyAlert | undefined;
  readonly createCounters: CreateCounters;
  /** The clock of the counters, limits, reports, headers and log lines. */
  readonly clock: Clock;
  /** Resolves after a number of milliseconds of the monotonic clock. */
  readonly delay: (milliseconds: number) => Promise<unknown>;
  /**
   * Counters of this instance alone, for requests that present a key. They are used if there is no
   * Redis, and while Redis is unavailable.
   */
  readonly keyCounters: KeyCounters;
  /** Returns the endpoints at which users of the console sign in; null while they are unknown. */
  readonly signInProvider: () => Promise<SignInProvider | null>;
  /** The folders that contain the files of the pages. */
  readonly pages: {
    readonly reference: string;
    readonly console: string;
  };
}

/**
 * Creates the request listener of the service. `http/pipeline.ts` handles the operations, and
 * `http/express.ts` handles all other requests.
 */
export function createApp(dependencies: AppDependencies): RequestListener {
  const {
    settings,
    log,
    keys,
    verifyToken,
    verifyAlert,
    createCounters,
    clock,
    delay,
    keyCounters,
    signInProvider,
    pages,
  } = dependencies;
  const {
    production,
    trustProxyHops,
    ipRateLimitPerMinute,
    guardSecrets,
    corsOrigins,
    keyReports,
    deviceLogin,
  } = settings;
  const counting = { createCounters, clock };
  const limits = {
    address: limitAddresses(ipRateLimitPerMinute, counting),
    user: limitUsers(counting, keys),
  };
  const keyLimit = limitKeys(keyCounters, clock);
  const countKeyRequest =
    keys.shared === undefined
      ? countAlone(keys, keyLimit)
      : countTogether(keys, keyLimit, keys.shared);
  const crossOrigin = allowOrigins(corsOrigins);
  const answerError = answerErrors(!production);
  const originOf = createOriginOf(trustProxyHops);

  const rows = operationTable(keys, originOf, {
    reports: keyReports
      ? {
          ...keys,
          reportedKeys: limitReportedKeys(ipRateLimitPerMinute, counting),
          clock,
          delay,
          onLeakedKeysRevoked: (revoked) =>
            logEvent(log, 'warn', logEvents.leakedKeysRevoked, { keys: revoked }),
        }
      : undefined,
    deviceLogin: deviceLogin ? counting : undefined,
  });
  const rowOf = findRow(rows);
  const authenticate = createAuthentication({
    verifyToken,
    verifier: keys.verifier,
    isGuard: recognizeGuards(guardSecrets),
    addressLimit: limits.address,
  });
  const pipeline = createPipeline({
    authenticate,
    limits,
    countKeyRequest,
    crossOrigin,
    answerError,
    now: clock.now,
  });

  const webhook =
    verifyAlert && secretScanningRouter({ keys, verifyAlert, addressLimit: limits.address, log });
  const expressApp = createExpress({
    rows,
    pipeline,
    crossOrigin,
    addressLimit: limits.address,
    answerError,
    health: healthRouter(keys.store, log, clock),
    routers: [
      referenceRouter(pages.reference, originOf),
      ...(settings.console
        ? [
            consoleRouter({
              folder: pages.console,
              maxExpiresInDays: settings.maxExpiresInDays,
              signIn: settings.consoleSignIn,
              provider: signInProvider,
              deviceLogin,
            }),
          ]
        : []),
      ...(webhook === undefined ? [] : [webhook]),
    ],
  });

  const begin = beginExchanges({ log, clock, keys, trustProxyHops });
  return (request, response) => {
    const exchange = begin(request, response);
    const row = rowOf(request);
    // An OPTIONS request is a preflight only if it is for the exact path. A proxy may forward other
    // OPTIONS requests to paths below the path of `verify`, to have their keys verified.
    const isPreflight = row?.path === pathOf(request.url ?? '') && crossOrigin.isPreflight(request);
    if (row !== undefined && !isPreflight) void pipeline(row, exchange);
    else expressApp(request, Object.assign(response, { locals: { exchange } }));
  };
}
