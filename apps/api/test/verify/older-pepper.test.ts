import { type KeyStore, StoreUnavailableError } from '@andamio/keys/store';
import type { Pepper } from '@andamio/schema/settings';
import { deleteKey, newKey, rollKey, verifyKey } from '@andamio/testing/service-requests';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { tokenFor } from '@andamio/testing/tokens';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startApp, testPepper } from '../harness/app.ts';
import { fileStore, firestoreStore } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');
const newer: Pepper = { version: 'newer', secret: Buffer.alloc(32, 'newer') };
const token = tokenFor('owner');

/** Starts the service with the given peppers and returns its URL. */
async function startWith(store: KeyStore, peppers: readonly Pepper[]) {
  const app = await startApp({ store, peppers });
  onTestFinished(() => app.close());
  return app.url;
}

/** Verifies keys under two peppers until all keys in use work without the older pepper. */
async function retire(another: () => KeyStore) {
  const before = await startWith(another(), [testPepper]);
  const rolledAway = await newKey(before, 'owner', {}, 'rolled');
  const rolled = await rollKey(before, { api_key_name: 'rolled', grace_seconds: 3600 }, { token });
  const keys = [
    rolledAway,
    rolled.body['api_key'] as string,
    await newKey(before, 'owner', {}, 'plain'),
  ];
  const unused = await newKey(before, 'owner', {}, 'unused');

  const between = await startWith(another(), [newer, testPepper]);
  for (const key of keys) expect((await verifyKey(between, key)).status).toBe(200);

  for (const key of keys) {
    // A refusal is cached for a second, so each attempt uses a new service, whose cache is empty.
    const isGoodAfter = async () =>
      (await verifyKey(await startWith(another(), [newer]), key)).status;
    await expect.poll(isGoodAfter, { interval: 100 }).toBe(200);
    expect((await verifyKey(between, key)).status, 'and stays valid under both peppers').toBe(200);
  }
  const after = await startWith(another(), [newer]);
  expect((await verifyKey(after, unused)).status, 'unused while both peppers were configured').toBe(
    401,
  );
  expect((await deleteKey(after, { api_key_name: 'rolled' }, { token })).status).toBe(200);
  for (const key of keys.slice(0, 2)) expect((await verifyKey(after, key)).status).toBe(401);
}

const promise =
  'a key that is verified while two peppers are configured no longer needs the older one';
test(`${promise}: embedded store`, () => retire(fileStore().another));
test.skipIf(emulatorHost === undefined)(`${promise}: Firestore`, () =>
  retire(firestoreStore(emulatorHost as string).another),
);

test.each([
  ['has the key cached', true, 1],
  ['does not have the key cached', false, 2],
])(
  'instances with different first peppers do not rehash a key on every read: the older instance %s',
  async (_, isCached, changes) => {
    const { another, read } = fileStore();
    const key = await newKey(await startWith(another(), [testPepper]), 'owner');
    let clock = 0;
    const instance = async (peppers: readonly Pepper[]) => {
      const store = another();
      const app = await startApp({ store, peppers, monotonicNow: () => clock });
      onTestFinished(() => app.close());
      return async () => {
        expect((await verifyKey(app.url, key)).status).toBe(200);
        await store.check(); // Waits for a rehash in the background.
        clock += 11_000; // Expires the cached result.
      };
    };
    const [promoted, behind] = [
      await instance([newer, testPepper]),
      await instance([testPepper, newer]),
    ];
    const rehashes = async () =>
      (await read())['audit']?.filter(({ action }) => action === 'key.redigested').length;
    if (isCached) await behind();
    for (let round = 0; round < 20; round++) {
      await promoted();
      await behind();
    }
    expect(await rehashes()).toBe(changes);

    clock += 86_400_000; // The older instance is stopped.
    await promoted();
    expect(
      (await verifyKey(await startWith(another(), [newer]), key)).status,
      'the older pepper can be dropped',
    ).toBe(200);
  },
);

/** Returns a store, and a function that waits until no call of `find` or `transact` is pending. */
function observed(store: KeyStore) {
  const pending = new Set<Promise<unknown>>();
  const observe = <Result>(call: Promise<Result>) => {
    const settled = call.catch(() => {}).finally(() => pending.delete(settled));
    pending.add(settled);
    return call;
  };
  const observedStore: KeyStore = {
    ...store,
    find: (ids) => observe(store.find(ids)),
    transact: (scope, decide) => observe(store.transact(scope, decide)),
  };
  const settled = async () => {
    while (pending.size > 0) await Promise.all(pending);
  };
  return { store: observedStore, settled };
}

/**
 * Verifies a key twice a second for a minute on two instances, one of which still has the settings
 * from before the newer pepper was promoted. Returns the statuses that are not 200.
 */
async function verifyDuringPromotion(another: () => KeyStore) {
  const key = await newKey(await startWith(another(), [testPepper]), 'owner');
  let clock = 0;
  const instances = [];
  for (const peppers of [
    [newer, testPepper],
    [testPepper, newer],
  ]) {
    const { store, settled } = observed(another());
    const app = await startApp({ store, peppers, monotonicNow: () => clock });
    onTestFinished(() => app.close());
    instances.push({ url: app.url, settled });
  }
  const refused: string[] = [];
  for (; clock < 60_000; clock += 500) {
    for (const [index, { url, settled }] of instances.entries()) {
      const { status } = await verifyKey(url, key);
      await settled(); // A refresh or a rehash in the background.
      if (status !== 200) refused.push(`${status} of instance ${index} after ${clock} ms`);
    }
  }
  return refused;
}

const neverRefused = 'a key in use is never refused while a newer pepper is promoted';
test(`${neverRefused}: embedded store`, async () => {
  expect(await verifyDuringPromotion(fileStore().another)).toEqual([]);
});
test.skipIf(emulatorHost === undefined)(`${neverRefused}: Firestore`, async () => {
  const { another } = firestoreStore(emulatorHost as string);
  expect(await verifyDuringPromotion(another)).toEqual([]);
});

test('a key in use whose rehash fails is rehashed when it is next read', async () => {
  const { another, read } = fileStore();
  const key = await newKey(await startWith(another(), [testPepper]), 'owner');
  const { store, settled } = observed(another());
  let isDown = true;
  const failing: KeyStore = {
    ...store,
    transact: (scope, decide) =>
      isDown ? Promise.reject(new StoreUnavailableError('down')) : store.transact(scope, decide),
  };
  let clock = 0;
  const app = await startApp({
    store: failing,
    peppers: [newer, testPepper],
    monotonicNow: () => clock,
  });
  onTestFinished(() => app.close());
  const versions = async () => (await read())['keys']?.map(({ pepper_version }) => pepper_version);
  for (; clock < 30_000; clock += 500) {
    if (clock === 15_000) {
      expect(await versions()).toEqual(['test']);
      isDown = false;
    }
    expect((await verifyKey(app.url, key)).status).toBe(200);
    await settled();
  }
  expect(await versions()).toEqual(['newer']);
});

test('verify accepts a key whose rehash fails', async () => {
  const { another }: ReadableStore = fileStore();
  const key = await newKey(await startWith(another(), [testPepper]), 'owner');
  const store = another();
  let tries = 0;
  const failing: KeyStore = {
    ...store,
    transact: () => {
      tries++;
      return Promise.reject(new StoreUnavailableError('down'));
    },
  };
  const url = await startWith(failing, [newer, testPepper]);
  for (let asked = 0; asked < 3; asked++) expect((await verifyKey(url, key)).status).toBe(200);
  expect(tries).toBe(1);
});
