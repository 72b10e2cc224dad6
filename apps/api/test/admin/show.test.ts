import { makeKey } from '@andamio/schema/key-format';
import { command, day, present } from '@andamio/testing/store/commands';
import { order } from '@andamio/testing/store/operator';
import type { StoreUnderTest } from '@andamio/testing/store/store-under-test';
import { createDigester, digestKeyOf } from '@andamio/verification/digest';
import { describe, expect, inject, test } from 'vitest';
import { show } from '../../src/admin/commands/show.ts';
import { fileStore, firestoreStore } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');
const stores: [string, () => StoreUnderTest][] = [['SQLite', fileStore]];
if (emulatorHost === undefined) test.skip('admin.js show on Firestore', () => {});
else stores.push(['Firestore', () => firestoreStore(emulatorHost)]);

const pepper = { version: 'test', secret: Buffer.alloc(32, 'pepper') };

describe.each(stores)('admin.js on %s', (_kind, create) => {
  test('show prints the present tier and suspension of an owner whose key has expired', async () => {
    const { store } = create();
    const key = makeKey();
    const id = createDigester(digestKeyOf(pepper)).digest(key);
    await store.issue(command({ id, expiresInDays: 1 }));
    await store.suspend(order());
    const expiry = present + day;
    await store.resume(order({ now: expiry }));
    const tierClaim = { tier: 'starter', issuedAt: expiry } as const;
    await store.claimTier({ userId: 'owner', tierClaim, now: expiry });

    const run = show.plan({ 'key-stdin': true }, {}) as (context: object) => Promise<object>;
    const context = {
      store,
      peppers: () => [pepper],
      now: () => expiry * 1000,
      readInput: async () => key,
    };
    expect(await run(context)).toMatchObject({
      json: { outcome: 'found', state: 'expired', tier: 'starter', suspended: false },
    });
  });
});
