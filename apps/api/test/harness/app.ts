import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setUpKeys } from '@andamio/keys/set-up';
import type { KeyStore } from '@andamio/keys/store';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Environment, Pepper } from '@andamio/schema/settings';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { jwtSecret } from '@andamio/testing/tokens';
import { type AppDependencies, createApp } from '../../src/app.ts';
import { githubKeys } from '../../src/auth/github-keys.ts';
import { secretKeys, type VerificationKeys } from '../../src/auth/signing-keys.ts';
import { createAlertVerifier } from '../../src/auth/verify-alert.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import type { RedisUsage } from '../../src/counters/redis-usage.ts';
import { createHttpServer, type Timeouts } from '../../src/http/connections/server.ts';
import { parserRefusalLogger } from '../../src/http/request/log.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { verifierOf } from './verifier.ts';

const { resolve } = createRequire(import.meta.url);
const builtReference = dirname(resolve('@andamio/reference/dist/index.html'));
const builtConsole = dirname(resolve('@andamio/console/dist/page/index.html'));

/** Maximum age of a cached verification in seconds. */
export const verifyCacheSeconds = 10;

export const testPepper: Pepper = { version: 'test', secret: Buffer.alloc(32, 'pepper') };

export interface TestAppOptions {
  readonly store?: KeyStore;
  /** Returns the current time in Unix milliseconds. */
  readonly now?: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow?: () => number;
  /** Resolves after a number of milliseconds of the monotonic clock. */
  readonly delay?: AppDependencies['delay'];
  readonly peppers?: readonly Pepper[];
  /** The setting `MAX_EXPIRES_IN_DAYS`. By default, it is not set. */
  readonly maximumDays?: number;
  readonly settings?: Partial<AppDependencies['settings']>;
  /** Creates the rate limit counters. By default, the counters are in memory. */
  readonly createCounters?: AppDependencies['createCounters'];
  /** Counters of the requests that present a key. By default, they are in memory. */
  readonly keyCounters?: AppDependencies['keyCounters'];
  /**
   * Usage counted in Redis, for requests that present a key. By default, usage is counted in
   * memory.
   */
  readonly redisUsage?: RedisUsage | undefined;
  /**
   * Returns the endpoints of the console's sign-in provider. By default, resolves to null, as it
   * does while the provider's configuration cannot be read.
   */
  readonly signInProvider?: AppDependencies['signInProvider'];
  /** The source of the keys that verify tokens. By default, the secret of `tokenFor`. */
  readonly signingKeys?: VerificationKeys;
  /** Settings for tokens, such as `JWT_ISSUER`. */
  readonly jwt?: Environment;
  /**
   * The URL of GitHub's public keys. If it is not set, the service does not accept GitHub's secret
   * scanning alerts.
   */
  readonly githubKeysUrl?: string;
  readonly timeouts?: Partial<Timeouts>;
  /** The folder of the reference page. Defaults to the built page. */
  readonly referenceFolder?: string;
}

export interface TestApp {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** All log lines so far. */
  readonly logged: string[];
  /** Counts requests as if they had presented a key, without sending them. */
  countUsage(userId: string, name: string, requests: number): void;
  /** Stores the unreported usage immediately. */
  storeUsage(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the service in this process, on a free port. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const {
    now = Date.now,
    monotonicNow = () => performance.now(),
    peppers = [testPepper],
    githubKeysUrl,
  } = options;
  const clock = { now, monotonicNow };
  const store = options.store ?? createSqliteStore(':memory:', now);
  const logged: string[] = [];
  const keys = setUpKeys({
    store,
    peppers,
    now,
    monotonicNow,
    verifyCacheSeconds,
    maximumDays: options.maximumDays,
    warn: () => {},
    sharedUsage: options.redisUsage,
  });
  const log = createLog({
    level: 'debug',
    project: 'test-project',
    destination: { write: (line) => void logged.push(line) },
  });
  const app = createApp({
    settings: {
      production: true,
      trustProxyHops: 0,
      ipRateLimitPerMinute: 1_000_000,
      guardSecrets: [],
      corsOrigins: [],
      console: true,
      consoleSignIn: undefined,
      maxExpiresInDays: options.maximumDays,
      keyReports: true,
      deviceLogin: true,
      ...options.settings,
    },
    log,
    keys,
    verifyToken: verifierOf(options.signingKeys ?? secretKeys([jwtSecret]), options.jwt, now),
    verifyAlert:
      githubKeysUrl === undefined
        ? undefined
        : createAlertVerifier(githubKeys(githubKeysUrl, monotonicNow, () => {})),
    clock,
    delay: options.delay ?? delay,
    createCounters:
      options.createCounters ?? ((_name, window) => new MemoryCounters(clock, window)),
    keyCounters: options.keyCounters ?? new MemoryCounters(clock, rateLimitWindow),
    signInProvider: options.signInProvider ?? (async () => null),
    pages: { reference: options.referenceFolder ?? builtReference, console: builtConsole },
  });
  const server = createHttpServer(app, parserRefusalLogger(log), options.timeouts);
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    logged,
    countUsage: (userId, name, requests) => keys.usage.count(userId, name, requests),
    storeUsage: () => keys.usage.flush(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await keys.usage.flush();
      await store.close();
    },
  };
}
