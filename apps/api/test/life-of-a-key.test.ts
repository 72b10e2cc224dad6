import type { KeyStore } from '@andamio/keys/store';
import {
  type Answer,
  deleteKey,
  getUser,
  requestKey,
  rollKey,
  rotateKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startApp } from './harness/app.ts';
import { expectError } from './harness/expect-error.ts';
import { fileStore, firestoreStore } from './harness/stores.ts';

const emulatorHost = inject('emulatorHost');
const day = 86_400_000;

/**
 * Takes a key through its whole life over HTTP, from issuance to removal. The test controls the
 * clock.
 */
async function liveThrough(store: KeyStore) {
  let now = Date.UTC(2025, 7, 31, 23, 59, 59);
  let tier = 'pioneer';
  const clock = { now: () => now, monotonicNow: () => now };
  const app = await startApp({ store, ...clock });
  onTestFinished(() => app.close());
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const options = () => ({
    token: tokenFor('owner', { tier, iat: now / 1000, exp: now / 1000 + 60 }),
  });
  const key = { api_key_name: 'MyFirstKey' };
  const other = { api_key_name: 'MyOtherKey' };
  const lists = async () => {
    const { body } = await getUser(app.url, options());
    const untilOf = (list: string) =>
      (body[list] as { name: string; expires_at: string }[]).map(
        ({ name, expires_at }) => `${name} ${expires_at}`,
      );
    return { active: untilOf('active_keys'), expired: untilOf('expired_keys') };
  };
  /** Verifies a key. Returns its name, tier and expiration, or the status of the refusal. */
  const use = async ({ body: { api_key: secret } }: Answer) => {
    const { status, body } = await verifyKey(app.url, String(secret));
    return status === 200 ? `${body['name']} ${body['tier']} ${body['expires_at']}` : status;
  };

  const first = await requestKey(app.url, { ...key, expires_in_days: 10 }, options());
  expect(first.status).toBe(200);
  expect(await use(first)).toBe('MyFirstKey pioneer 2025-09-10T23:59:59Z');
  expect(await lists()).toEqual({ active: ['MyFirstKey 2025-09-10T23:59:59Z'], expired: [] });
  expectError(await rotateKey(app.url, key, options()), 409, 'not_yet_rotatable');

  pass(9 * day); // One day remains.
  const extended = await rotateKey(app.url, key, options());
  expect(extended.body).toEqual({
    confirmation: 'API key expiration extended to 2025-09-20T23:59:59Z',
  });
  expectError(await rotateKey(app.url, key, options()), 409, 'not_yet_rotatable');
  expect(await use(first)).toBe('MyFirstKey pioneer 2025-09-20T23:59:59Z');

  pass(14 * day); // The key expired three days ago.
  expect(await lists()).toEqual({ active: [], expired: ['MyFirstKey 2025-09-20T23:59:59Z'] });
  expect(await use(first)).toBe(401);
  expectError(await rollKey(app.url, key, options()), 409, 'key_expired');
  expectError(await requestKey(app.url, key, options()), 422, 'name_taken');
  const rotated = await rotateKey(app.url, { ...key, expires_in_days: 5 }, options());
  expect(rotated.body).toEqual({
    confirmation: 'API key expiration extended to 2025-09-28T23:59:59Z',
  });
  expect(await use(first)).toBe('MyFirstKey pioneer 2025-09-28T23:59:59Z');
  expectError(await requestKey(app.url, other, options()), 429, 'key_limit_reached');

  const second = await rollKey(app.url, { ...key, grace_seconds: 3600 }, options());
  expect(second.body).toMatchObject({ previous_expires_at: '2025-09-24T00:59:59Z' });
  expect(await use(second)).toBe('MyFirstKey pioneer 2025-09-28T23:59:59Z');
  expect(await use(first)).toBe('MyFirstKey pioneer 2025-09-24T00:59:59Z');
  expect(await lists()).toEqual({ active: ['MyFirstKey 2025-09-28T23:59:59Z'], expired: [] });
  pass(3_600_000); // The grace period is over.
  expect([await use(first), await use(second)]).toEqual([
    401,
    'MyFirstKey pioneer 2025-09-28T23:59:59Z',
  ]);

  const third = await rollKey(app.url, key, options());
  expect((await deleteKey(app.url, key, options())).status).toBe(200);
  expect([await use(second), await use(third)]).toEqual([401, 401]);
  expect(await lists()).toEqual({ active: [], expired: [] });
  for (const call of [deleteKey, rotateKey, rollKey]) {
    expectError(await call(app.url, key, options()), 404, 'no_such_key');
  }

  const again = await requestKey(app.url, { ...key, expires_in_days: 1 }, options());
  expect(again.status).toBe(200);
  pass(day); // The key has expired, and another one takes its place in the maximum.
  const replacement = await requestKey(app.url, other, options());
  expect(replacement.status).toBe(200);
  expectError(await rotateKey(app.url, key, options()), 429, 'key_limit_reached');
  tier = 'starter';
  pass(1000);
  expect((await rotateKey(app.url, key, options())).status).toBe(200);
  expect((await lists()).active).toHaveLength(2);
  expect([await use(again), await use(replacement)]).toEqual([
    'MyFirstKey starter 2025-09-26T01:00:00Z',
    'MyOtherKey starter 2026-09-25T00:59:59Z',
  ]);
  expect((await getUser(app.url, options())).body['created_at']).toBe('2025-08-31T23:59:59Z');

  pass(32 * day); // The first key was not extended and has been removed.
  expectError(await rotateKey(app.url, key, options()), 404, 'no_such_key');
  expectError(await deleteKey(app.url, key, options()), 404, 'no_such_key');
  expect((await lists()).expired).toEqual([]);
  expect((await requestKey(app.url, key, options())).status).toBe(200);
}

describe('life of a key', () => {
  test('a key goes through its whole life on the embedded store', () =>
    liveThrough(fileStore().store));
  test.skipIf(emulatorHost === undefined)('a key goes through its whole life on Firestore', () =>
    liveThrough(firestoreStore(emulatorHost as string).store),
  );
});
