import type { DeviceLogin } from '@andamio/keys/device-login/model';
import { owner, present } from '@andamio/testing/store/commands';
import { boundLogin } from '@andamio/testing/store/device-login';
import { order } from '@andamio/testing/store/operator';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

/** Defines the tests of stored device logins that both stores must pass. */
export function describeStoredDeviceLogins(kind: string, create: () => ReadableStore) {
  describe(`${kind}: stored device logins`, () => {
    test('stores neither of the codes nor the key, in any collection, at any step', async () => {
      const { store, read } = create();
      const { logins, userCode, deviceCode } = await boundLogin(store, 'owner');
      const stored = [await read()];
      await logins.decide(owner, userCode, 'approved');
      stored.push(await read());
      const issued = await logins.redeem(deviceCode);
      stored.push(await read());
      if (typeof issued === 'string') throw new Error(issued);
      const text = JSON.stringify(stored);
      for (const secret of [userCode, deviceCode, deviceCode.slice(8), issued.key])
        expect(text).not.toContain(secret);
      expect(text).toContain(issued.key.slice(0, 8));
    });

    test('stores the login with the time after which it is removed', async () => {
      const { store, read } = create();
      const { id } = await boundLogin(store, 'owner');
      expect((await read())['device_logins']).toEqual([
        {
          id,
          code_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
          name: 'device-laptop',
          expires_in_days: 30,
          address: '203.0.113.7',
          created_at: present,
          user_id: 'owner',
          state: 'pending',
          tier: null,
          tier_issued_at: null,
          remove_at: present + 660,
        },
      ]);
    });

    test.each([
      ['in a state that only a later release knows', 'of-a-later-release'],
      ['that is approved but lacks the tier of the approval', 'approved'],
    ])('reads a login %s as denied', async (_, state) => {
      const { store, read } = create();
      const { logins, id, userCode, deviceCode } = await boundLogin(store, 'owner');
      await store.transactDeviceLogin([id], (login) => ({
        outcome: undefined,
        login: { ...login, state } as DeviceLogin,
      }));
      expect(await logins.redeem(deviceCode)).toBe('access_denied');
      expect(await logins.lookUp(owner, userCode)).toMatchObject({ state: 'denied' });
      expect(await logins.decide(owner, userCode, 'approved')).toBe('unknown_user_code');
      expect(await store.deviceLoginsOf('owner')).toMatchObject([{ id, state: 'denied' }]);
      expect((await read())['device_logins']).toMatchObject([{ state }]);
      expect(await store.erase(order())).toBe(true);
    });
  });
}
