import { setTimeout as delay } from 'node:timers/promises';
import { endWithFile } from '@andamio/testing/end-with-file';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { deleteKey, getUsage, requestKey, successfulBody } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';

/** Cache time of the service in these tests, in seconds. */
export const bound = 2;

/**
 * Starts the built service. If the test does not stop the service, it stops after the test file.
 */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
): Promise<TestProcess> {
  const service = await startProcess({
    SQLITE_PATH: ':memory:',
    VERIFY_CACHE_SECONDS: `${bound}`,
    ...environment,
  });
  endWithFile(() => service.stop('SIGKILL'));
  return service;
}

/** A key issued to a new user. */
export interface Issued {
  readonly userId: string;
  readonly key: string;
  readonly expiresAt: string;
  /** Deletes the key. */
  revoke(): Promise<void>;
  /** Returns how much of the daily quota the user has consumed. */
  usedToday(): Promise<unknown>;
}

/** How to poll `usedToday` until the service has stored the usage. */
export const usageStored = { interval: 500, timeout: 30_000 };

let users = 0;

/** Issues a key to a new user. */
export async function issue({ url }: TestProcess, tier = 'enterprise'): Promise<Issued> {
  const userId = `user-${process.pid}-${users++}`;
  const token = tokenFor(userId, { tier });
  const api_key_name = 'MyFirstKey';
  const answer = await requestKey(url, { api_key_name, expires_in_days: 30 }, { token });
  const body = successfulBody(answer);
  return {
    userId,
    key: body['api_key'] as string,
    expiresAt: body['expires_at'] as string,
    async revoke() {
      successfulBody(await deleteKey(url, { api_key_name }, { token }));
    },
    usedToday: async () => successfulBody(await getUsage(url, { token }))['daily_quota_consumed'],
  };
}

/**
 * Sends requests one after another until the key is deleted and its cache time has passed.
 *
 * @returns milliseconds from the confirmation of the deletion to the start of the last successful
 * request.
 */
export async function lastGoodAfterRevocation(
  get: () => Promise<{ readonly status: number }>,
  revoke: () => Promise<unknown>,
): Promise<number> {
  let revokedAt = Number.POSITIVE_INFINITY;
  const revoked = revoke().then(() => {
    revokedAt = performance.now();
  });
  let lastGood = 0;
  for (let sent = 0; sent < revokedAt + (bound + 1) * 1000; sent = performance.now()) {
    const before = performance.now();
    const { status } = await get();
    if (status === 429) throw new Error('The rate limit was reached, not the end of the key.');
    if (status === 200) lastGood = before;
    await delay(3); // At most 1,000 requests in 3 s, half of the limit per minute.
  }
  await revoked;
  return lastGood - revokedAt;
}
