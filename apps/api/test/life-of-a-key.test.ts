import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { KeyStore } from '../src/keys/store.ts';
import { startApp } from './harness/app.ts';
import { expectError } from './harness/expect-error.ts';
import { deleteKey, getUser, requestKey, rotateKey } from './harness/request-key.ts';
import { fileStore, firestoreStore } from './harness/stores.ts';
import { tokenFor } from './harness/tokens.ts';

const emulatorHost = inject('emulatorHost');
const day = 86_400_000;

/** Goes through the life of a key by HTTP, with a clock that is set. */
async function liveThrough(store: KeyStore) {
  let now = Date.UTC(2025, 7, 31, 23, 59, 59);
  let tier = 'pioneer';
  const app = await startApp({ store, now: () => now });
  onTestFinished(() => app.close());
  const options = () => ({ token: tokenFor('owner', { tier, iat: now / 1000, exp: now / 1000 + 60 }) });
  const key = { api_key_name: 'MyFirstKey' };
  const other = { api_key_name: 'MyOtherKey' };
  const lists = async () => {
    const { body } = await getUser(app.url, options());
    const untilOf = (list: string) =>
      (body[list] as { name: string; expires_at: string }[]).map(({ name, expires_at }) => `${name} ${expires_at}`);
    return { active: untilOf('active_keys'), expired: untilOf('expired_keys') };
  };

  expect((await requestKey(app.url, { ...key, expires_in_days: 10 }, options())).status).toBe(200);
  expect(await lists()).toEqual({ active: ['MyFirstKey 2025-09-10T23:59:59Z'], expired: [] });
  expectError(await rotateKey(app.url, key, options()), 409, 'not_yet_rotatable');

  now += 9 * day; // One day is left.
  const extended = await rotateKey(app.url, key, options());
  expect(extended.body).toEqual({ confirmation: 'API key expiration extended to 2025-09-20T23:59:59Z' });
  expectError(await rotateKey(app.url, key, options()), 409, 'not_yet_rotatable');

  now += 14 * day; // It expired three days ago.
  expect(await lists()).toEqual({ active: [], expired: ['MyFirstKey 2025-09-20T23:59:59Z'] });
  expectError(await requestKey(app.url, key, options()), 422, 'name_taken');
  const revived = await rotateKey(app.url, { ...key, expires_in_days: 5 }, options());
  expect(revived.body).toEqual({ confirmation: 'API key expiration extended to 2025-09-28T23:59:59Z' });
  expectError(await requestKey(app.url, other, options()), 429, 'key_limit_reached');

  expect((await deleteKey(app.url, key, options())).status).toBe(200);
  expect(await lists()).toEqual({ active: [], expired: [] });
  expectError(await deleteKey(app.url, key, options()), 404, 'no_such_key');
  expectError(await rotateKey(app.url, key, options()), 404, 'no_such_key');

  expect((await requestKey(app.url, { ...key, expires_in_days: 1 }, options())).status).toBe(200);
  now += day; // It has expired, and another takes its place: the tier is full.
  expect((await requestKey(app.url, other, options())).status).toBe(200);
  expectError(await rotateKey(app.url, key, options()), 429, 'key_limit_reached');
  tier = 'starter';
  expect((await rotateKey(app.url, key, options())).status).toBe(200);
  expect((await lists()).active).toHaveLength(2);
  expect((await getUser(app.url, options())).body['created_at']).toBe('2025-08-31T23:59:59Z');

  now += 31 * day; // Nobody extended the first one: it is gone.
  expectError(await rotateKey(app.url, key, options()), 404, 'no_such_key');
  expectError(await deleteKey(app.url, key, options()), 404, 'no_such_key');
  expect((await lists()).expired).toEqual([]);
  expect((await requestKey(app.url, key, options())).status).toBe(200);
}

describe('the life of a key: requested, listed, extended, expired, revived, deleted, issued again, gone', () => {
  test('with the embedded store', () => liveThrough(fileStore().store));
  test.skipIf(emulatorHost === undefined)('with Firestore', () =>
    liveThrough(firestoreStore(emulatorHost as string).store),
  );
});
