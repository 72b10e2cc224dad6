import type { Pepper } from '@andamio/schema/settings';
import { expect, inject, onTestFinished, test } from 'vitest';
import { type KeyStore, StoreUnavailableError } from '../../src/keys/store.ts';
import { startApp, testPepper } from '../harness/app.ts';
import { deleteKey, newKey, rollKey, verifyKey } from '../harness/request-key.ts';
import { fileStore, firestoreStore, type ReadableStore } from '../harness/stores.ts';
import { tokenFor } from '../harness/tokens.ts';

const emulatorHost = inject('emulatorHost');
const newer: Pepper = { version: 'newer', secret: Buffer.alloc(32, 'newer') };
const token = tokenFor('owner');

/** Asks as the same service with other peppers would. */
async function askingWith(store: KeyStore, peppers: readonly Pepper[]) {
  const app = await startApp({ store, peppers });
  onTestFinished(() => app.close());
  return app.url;
}

/** Uses keys until an older pepper can retire. */
async function retire(another: () => KeyStore) {
  const before = await askingWith(another(), [testPepper]);
  const rolledAway = await newKey(before, 'owner', {}, 'rolled');
  const rolled = await rollKey(before, { api_key_name: 'rolled', grace_seconds: 3600 }, { token });
  const keys = [rolledAway, rolled.body['api_key'] as string, await newKey(before, 'owner', {}, 'plain')];
  const unused = await newKey(before, 'owner', {}, 'unused');

  const between = await askingWith(another(), [newer, testPepper]);
  for (const key of keys) expect((await verifyKey(between, key)).status).toBe(200);

  for (const key of keys) {
    // A refusal is remembered for a second: each question comes from a service that remembers nothing.
    const isGoodAfter = async () => (await verifyKey(await askingWith(another(), [newer]), key)).status;
    await expect.poll(isGoodAfter, { interval: 100 }).toBe(200);
    expect((await verifyKey(between, key)).status, 'and goes on being good meanwhile').toBe(200);
  }
  const after = await askingWith(another(), [newer]);
  expect((await verifyKey(after, unused)).status, 'nobody used it while both peppers were there').toBe(401);
  expect((await deleteKey(after, { api_key_name: 'rolled' }, { token })).status).toBe(200);
  for (const key of keys.slice(0, 2)) expect((await verifyKey(after, key)).status).toBe(401);
}

const described = 'a key that is used while two peppers are configured needs the older one no more';
test(`${described}: embedded store`, () => retire(fileStore().another));
test.skipIf(emulatorHost === undefined)(`${described}: Firestore`, () =>
  retire(firestoreStore(emulatorHost as string).another),
);

test.each([
  ['knew the key before', true, 1],
  ['never saw the key before', false, 2],
])(
  'while instances disagree which pepper is the newest, a key is not digested anew at every read: the one behind %s',
  async (_, knewIt, changes) => {
    const { another, read } = fileStore();
    const key = await newKey(await askingWith(another(), [testPepper]), 'owner');
    let clock = 0;
    const instance = async (peppers: readonly Pepper[]) => {
      const store = another();
      const app = await startApp({ store, peppers, monotonicNow: () => clock });
      onTestFinished(() => app.close());
      return async () => {
        expect((await verifyKey(app.url, key)).status).toBe(200);
        await store.check(); // What it began in the background has ended.
        clock += 11_000; // What it knew of the key has become too old.
      };
    };
    const [promoted, behind] = [await instance([newer, testPepper]), await instance([testPepper, newer])];
    const redigested = async () => (await read())['audit']?.filter(({ action }) => action === 'key.redigested').length;
    if (knewIt) await behind();
    for (let round = 0; round < 20; round++) {
      await promoted();
      await behind();
    }
    expect(await redigested()).toBe(changes);

    clock += 86_400_000; // The one behind has ended since.
    await promoted();
    expect((await verifyKey(await askingWith(another(), [newer]), key)).status, 'the older pepper can retire').toBe(
      200,
    );
  },
);

test('a key is good also where it cannot be digested anew', async () => {
  const { another }: ReadableStore = fileStore();
  const key = await newKey(await askingWith(another(), [testPepper]), 'owner');
  const store = another();
  let tries = 0;
  const failing: KeyStore = {
    ...store,
    redigest: () => {
      tries++;
      return Promise.reject(new StoreUnavailableError('down'));
    },
  };
  const url = await askingWith(failing, [newer, testPepper]);
  for (let asked = 0; asked < 3; asked++) expect((await verifyKey(url, key)).status).toBe(200);
  expect(tries).toBe(1);
});
