import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { setUpKeys } from '@andamio/keys/set-up';
import { logEvents } from '@andamio/schema/log-events';
import { type AppDependencies, createApp } from '../app.ts';
import { loadSignatures } from '../auth/signatures.ts';
import { createTokenVerifier } from '../auth/verify-token.ts';
import { systemClock } from '../clock.ts';
import { drainable } from '../http/connections/drain.ts';
import { createHttpServer } from '../http/connections/server.ts';
import { parserRefusalLogger } from '../http/request/log.ts';
import { createLog, logEvent } from '../log.ts';
import { readSettings, SettingsError } from '../settings.ts';
import { type CompleteSettings, completeSettings } from './development-secrets.ts';
import { assertNoForeignFile } from './open-store.ts';
import { connect } from './parts.ts';

/** The exit code for invalid settings: EX_CONFIG of sysexits.h. */
const invalidSettings = 78;

/**
 * Returns the settings. If they are invalid, prints the errors, sets the exit code and returns
 * undefined.
 */
function settingsOrExit(): CompleteSettings | undefined {
  try {
    const settings = completeSettings(readSettings());
    assertNoForeignFile(settings.store);
    return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = invalidSettings;
    return undefined;
  }
}

/**
 * The codes of the errors with which a server fails to listen if HOST is not an address of this
 * machine. A later attempt fails in the same way.
 */
const wrongHostCodes: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL']);

/**
 * Returns a message that explains why a server cannot listen, although its settings are valid, and
 * how to fix it.
 *
 * @param error a system error of Node: https://nodejs.org/api/errors.html#common-system-errors
 */
function listenProblem(
  { code }: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}. Stop the program that uses it, or set PORT to another port.`;
    case 'EACCES':
      return `Port ${port} requires privileges that this process lacks. Set PORT to 1024 or higher.`;
    case 'EAI_AGAIN':
      return 'The name in HOST cannot be resolved now. Check DNS, or set HOST to an address such as 127.0.0.1 or 0.0.0.0.';
    default:
      return `The service cannot listen on ${host}, port ${port}: ${code ?? 'unknown error'}.`;
  }
}

/**
 * Runs `shutDown` once on SIGTERM or SIGINT, then `beforeExit`, then exits with code 0.
 *
 * @param milliseconds the process exits after this time even if `shutDown` has not resolved
 * @param beforeExit is told whether `shutDown` has resolved
 */
function onTermination(
  shutDown: () => Promise<void>,
  milliseconds: number,
  beforeExit: (isComplete: boolean) => void,
): void {
  let shuttingDown = false;
  const begin = async () => {
    if (shuttingDown) return;
    shuttingDown = true;
    const completed = shutDown().then(() => true);
    beforeExit(await Promise.race([completed, delay(milliseconds, false)]));
    process.exit(0);
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}

/**
 * Runs the service until it receives SIGTERM or SIGINT.
 *
 * @param pages the folders that contain the built pages
 */
export async function run(pages: AppDependencies['pages']): Promise<void> {
  const settings = settingsOrExit();
  if (settings === undefined) return;

  const log = createLog({
    level: settings.logLevel,
    project: settings.googleCloudProject,
    isReadable: !settings.production && isatty(1),
  });
  // In place of Node's own listener, which writes text to standard error.
  process
    .removeAllListeners('warning')
    .on('warning', (err) =>
      logEvent(log, 'warn', logEvents.processWarning, { warning: err.name, err }),
    );
  const clock = systemClock;
  const { store, counters, signingKeys, verifyAlert, signInProvider } = await connect(
    settings,
    log,
    clock,
  );
  const keys = setUpKeys({
    store,
    peppers: settings.peppers,
    verifyCacheSeconds: settings.verifyCacheSeconds,
    maximumDays: settings.maxExpiresInDays,
    ...clock,
    warn: (error, event) => logEvent(log, 'warn', event, { err: error }),
    sharedUsage: counters.usage,
  });
  const app = createApp({
    settings,
    log,
    keys,
    verifyAlert,
    verifyToken: createTokenVerifier({ ...settings.jwt, keys: signingKeys, now: clock.now }),
    createCounters: counters.createCounters,
    clock,
    delay,
    keyCounters: counters.keyCounters,
    signInProvider,
    pages,
  });

  const server = createHttpServer(app, parserRefusalLogger(log));
  const drain = drainable(server);
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (wrongHostCodes.has(error.code)) {
      process.stderr.write(
        'HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0. Some shells set HOST themselves.\n',
      );
      process.exit(invalidSettings);
    }
    log.fatal({ code: error.code }, listenProblem(error, settings));
    process.exit(1);
  });
  server.listen(settings.port, settings.host, () => {
    const { port } = server.address() as AddressInfo;
    logEvent(log, 'info', logEvents.listening, { port });
    // Loads what the first request needs now rather than on that request. A first check of the
    // store may time out while the store's client loads, so only a second failure is logged.
    void loadSignatures();
    const report = (error: unknown) =>
      logEvent(log, 'warn', logEvents.keyStoreUnavailable, { err: error });
    store.check().catch(() => store.check().catch(report));
  });

  const grace = settings.shutdownGraceSeconds * 1000;
  // Leaves most of a short grace period to active requests.
  const timeToClose = Math.min(1_000, grace / 4);
  onTermination(
    async () => {
      logEvent(log, 'info', logEvents.shuttingDown);
      // Usage is stored first, in case the process is killed before the drain is complete.
      void keys.usage.flush();
      await drain(grace - timeToClose);
      await Promise.all([keys.usage.flush(), keys.shared?.storer.flush()]);
      counters.close();
      await store.close();
    },
    grace - timeToClose / 4,
    (isComplete) => {
      keys.usage.reportUnstored();
      if (isComplete) log.info('shut down');
      else log.warn('exiting before the shutdown is complete, because its grace period has ended');
    },
  );
}
