import { MemoryStore } from 'express-rate-limit';
import { type FindVerificationKeys, secretKeys } from '../auth/signing-keys.ts';
import type { VerifyAlert } from '../auth/verify-alert.ts';
import type { SharedCounters } from '../http/limits/redis-counters.ts';
import type { KeyStore } from '../keys/store.ts';
import type { Logger } from '../log.ts';
import type { CompleteSettings } from '../settings.ts';
import { openStore } from './open-store.ts';

/** What the settings choose between. A choice that is not taken is not loaded either: that would lengthen the start. */
export interface Parts {
  readonly store: KeyStore;
  readonly counters: SharedCounters;
  readonly findKeys: FindVerificationKeys;
  readonly verifyAlert: VerifyAlert | undefined;
}

async function countersOf({ redis }: CompleteSettings, log: Logger): Promise<SharedCounters> {
  if (redis === undefined) return { createCounters: () => new MemoryStore(), close: () => {} };
  const { connectCounters } = await import('../http/limits/redis-counters.ts');
  return connectCounters(redis, log);
}

async function signingKeysOf({ jwt: { keys } }: CompleteSettings): Promise<FindVerificationKeys> {
  if (keys.kind === 'secrets') return secretKeys(keys.secrets);
  const { jwksKeys } = await import('../auth/jwks.ts');
  return jwksKeys(keys.url, () => performance.now());
}

async function alertVerifierOf({
  githubSecretScanningKeysUrl: url,
}: CompleteSettings): Promise<VerifyAlert | undefined> {
  if (url === undefined) return undefined;
  const [{ githubKeys }, { createAlertVerifier }] = await Promise.all([
    import('../auth/github-keys.ts'),
    import('../auth/verify-alert.ts'),
  ]);
  return createAlertVerifier(githubKeys(url, () => performance.now()));
}

/** Makes the parts that the settings ask for. None of them need answer yet. */
export async function connect(settings: CompleteSettings, log: Logger, now: () => number): Promise<Parts> {
  const [store, counters, findKeys, verifyAlert] = await Promise.all([
    openStore(settings.store, now),
    countersOf(settings, log),
    signingKeysOf(settings),
    alertVerifierOf(settings),
  ]);
  return { store, counters, findKeys, verifyAlert };
}
