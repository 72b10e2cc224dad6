import type { KeyStore } from '@andamio/keys/store';
import type { SignInProvider } from '@andamio/schema/console-settings';
import { logEvents } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { SettingName } from '@andamio/schema/settings';
import { withoutQuery } from '../auth/fetch-json.ts';
import { secretKeys, type VerificationKeys } from '../auth/signing-keys.ts';
import type { VerifyAlert } from '../auth/verify-alert.ts';
import type { Clock } from '../clock.ts';
import { MemoryCounters } from '../counters/memory-counters.ts';
import type { SharedCounters } from '../counters/redis-counters.ts';
import { type Logger, logEvent } from '../log.ts';
import type { CompleteSettings } from './development-secrets.ts';
import { openStore } from './open-store.ts';

/**
 * The implementations that the settings select. Other implementations are not loaded, which keeps
 * startup fast.
 */
export interface Parts {
  readonly store: KeyStore;
  readonly counters: SharedCounters;
  readonly signingKeys: VerificationKeys;
  readonly verifyAlert: VerifyAlert | undefined;
  /** Returns the endpoints at which users of the console sign in; null while they are unknown. */
  readonly signInProvider: () => Promise<SignInProvider | null>;
}

async function countersOf(
  { redis }: CompleteSettings,
  log: Logger,
  clock: Clock,
): Promise<SharedCounters> {
  if (redis === undefined) {
    return {
      createCounters: (_name, window) => new MemoryCounters(clock, window),
      keyCounters: new MemoryCounters(clock, rateLimitWindow),
      close: () => {},
    };
  }
  const { connectCounters } = await import('../counters/redis-counters.ts');
  return connectCounters(redis, log, clock);
}

/** Returns a function that logs a failed fetch of published keys, without the query of the URL. */
function logFetchFailure(log: Logger, setting: SettingName) {
  return (cause: unknown, url: string) =>
    logEvent(log, 'warn', logEvents.signingKeysUnavailable, {
      err: cause,
      setting,
      url: withoutQuery(url),
    });
}

async function signingKeysOf(
  { production, jwt: { keys } }: CompleteSettings,
  log: Logger,
  { monotonicNow: now }: Clock,
): Promise<VerificationKeys> {
  if (keys.kind === 'secrets') return secretKeys(keys.secrets);
  if (keys.kind === 'oidc') {
    const { discoveredKeys } = await import('../auth/discovery.ts');
    const onFailure = logFetchFailure(log, 'JWT_OIDC_ISSUER');
    return discoveredKeys({ issuer: keys.issuer, requireHttps: production, now, onFailure });
  }
  const { jwksKeys } = await import('../auth/jwks.ts');
  const onFailure = logFetchFailure(log, 'JWT_JWKS_URL');
  return jwksKeys(keys.url, now, (cause) => onFailure(cause, keys.url));
}

async function alertVerifierOf(
  { githubSecretScanningKeysUrl: url }: CompleteSettings,
  log: Logger,
  clock: Clock,
): Promise<VerifyAlert | undefined> {
  if (url === undefined) return undefined;
  const [{ githubKeys }, { createAlertVerifier }] = await Promise.all([
    import('../auth/github-keys.ts'),
    import('../auth/verify-alert.ts'),
  ]);
  const onFailure = logFetchFailure(log, 'GITHUB_SECRET_SCANNING_KEYS_URL');
  return createAlertVerifier(githubKeys(url, clock.monotonicNow, (cause) => onFailure(cause, url)));
}

async function signInProviderOf(
  { production, consoleSignIn }: CompleteSettings,
  log: Logger,
  { monotonicNow: now }: Clock,
): Promise<Parts['signInProvider']> {
  if (consoleSignIn === undefined) return async () => null;
  const { discoveredProvider } = await import('../auth/discovery.ts');
  return discoveredProvider({
    issuer: consoleSignIn.issuer,
    requireHttps: production,
    now,
    onFailure: (cause, url) =>
      logEvent(log, 'warn', logEvents.signInUnavailable, { err: cause, url: withoutQuery(url) }),
  });
}

/**
 * Creates the implementations that the settings select, without waiting for any server to respond.
 */
export async function connect(
  settings: CompleteSettings,
  log: Logger,
  clock: Clock,
): Promise<Parts> {
  const [store, counters, signingKeys, verifyAlert, signInProvider] = await Promise.all([
    openStore(settings.store, clock.now, {
      warn: (err) => logEvent(log, 'warn', logEvents.sweepFailed, { err }),
    }),
    countersOf(settings, log, clock),
    signingKeysOf(settings, log, clock),
    alertVerifierOf(settings, log, clock),
    signInProviderOf(settings, log, clock),
  ]);
  return { store, counters, signingKeys, verifyAlert, signInProvider };
}
