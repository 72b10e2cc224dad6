import { createHash } from 'node:crypto';
import { decideDeviceLogin, lookUpDeviceLogin } from '@andamio/keys/device-login/approve';
import { deviceLoginIds } from '@andamio/keys/device-login/codes';
import { decideStart } from '@andamio/keys/device-login/decide';
import { redeemDeviceLogin } from '@andamio/keys/device-login/redeem';
import { startDeviceLogin } from '@andamio/keys/device-login/start';
import { countRedeemableLogins, denyRedeemableLogins } from '@andamio/keys/device-login/withdraw';
import type { NewKey } from '@andamio/keys/issue';
import type { Owner } from '@andamio/keys/owner';
import type { KeyStore } from '@andamio/keys/store';
import { describe, expect, test } from 'vitest';
import { command, deletion, owner, present } from './commands.ts';
import { order } from './operator.ts';
import { savedRecord } from './replay.ts';
import { type KeysInOptions, keysIn, pepper } from './set-up.ts';
import { connected, type StoreUnderTest, twoStores } from './store-under-test.ts';

/** Returns the operations on device logins, for a given store. */
export function deviceLogins(store: KeyStore, options: Omit<KeysInOptions, 'now'> = {}) {
  let now = present;
  const dependencies = keysIn(store, { now: () => now * 1000, ...options });
  return {
    /** Sets the current time to a number of seconds after {@link present}. */
    wait: (seconds: number) => {
      now = present + seconds;
    },
    start: async (name = 'device-laptop', expiresInDays = 30) => {
      const input = { name, expiresInDays, address: '203.0.113.7' };
      const codes = await startDeviceLogin(dependencies, input);
      if (typeof codes === 'string') throw new Error(codes);
      return codes;
    },
    lookUp: (owner: Owner, userCode: string) => lookUpDeviceLogin(dependencies, owner, userCode),
    decide: (owner: Owner, userCode: string, state: 'approved' | 'denied') =>
      decideDeviceLogin(dependencies, owner, userCode, state),
    redeem: (deviceCode: string) => redeemDeviceLogin(dependencies, deviceCode),
    idOf: (userCode: string) => deviceLoginIds(dependencies.digesters, userCode)[0] as string,
  };
}

/** Starts a device login and looks it up as a user. */
export async function boundLogin(store: KeyStore, userId: string, name = 'device-laptop') {
  const logins = deviceLogins(store);
  const codes = await logins.start(name);
  await logins.lookUp({ ...owner, userId }, codes.userCode);
  return { logins, id: logins.idOf(codes.userCode), ...codes };
}

const bob: Owner = { ...owner, userId: 'bob' };

/** Defines the contract tests for device logins. */
export function describeDeviceLogins(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: device logins`, () => {
    /** Creates a store with a device login that a user has looked up. */
    async function lookedUp() {
      const under = create();
      await connected(under.store);
      return { ...under, ...(await boundLogin(under.store, owner.userId)) };
    }
    const keysOf = async ({ store }: StoreUnderTest, userId = 'owner') =>
      (await store.list(userId, present)).keys.map(({ name }) => name);

    test('issues the key of an approved login, with the name and days that were asked for', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      expect(await logins.redeem(deviceCode)).toBe('authorization_pending');
      expect(await logins.decide(owner, userCode, 'approved')).toMatchObject({ state: 'approved' });
      expect(await logins.redeem(deviceCode)).toMatchObject({
        key: expect.stringMatching(/^ant-/),
        facts: { name: 'device-laptop', expiresInDays: 30, createdAt: present },
      });
      expect(await keysOf({ store })).toEqual(['device-laptop']);
      expect(await savedRecord(store, 'device', deviceCode)).toMatchObject({ expiresInDays: 30 });
    });

    test('stores the device code as its SHA-256 in hex', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      const sha256 = createHash('sha256').update(deviceCode).digest('hex');
      expect(await store.findDeviceLogin([logins.idOf(userCode)])).toMatchObject({
        deviceCodeDigest: sha256,
      });
    });

    test('refuses more days than the maximum at the start, at the approval and when the key is issued', async () => {
      const { store } = create();
      const [unlimited, limited] = [deviceLogins(store), deviceLogins(store, { maximumDays: 29 })];
      await expect(limited.start()).rejects.toThrow('expiry_too_late');
      await limited.start('device-laptop', 29);
      const [early, late] = [await unlimited.start(), await unlimited.start()];
      for (const { userCode } of [early, late]) await unlimited.lookUp(owner, userCode);
      await unlimited.decide(owner, early.userCode, 'approved');
      expect(await limited.redeem(early.deviceCode)).toBe('expiry_too_late');
      expect(await limited.decide(owner, late.userCode, 'approved')).toBe('expiry_too_late');
      expect(await keysOf({ store })).toEqual([]);
    });

    test('lets only the user who looked a login up first see and decide it', async () => {
      const { logins, userCode, deviceCode } = await lookedUp();
      expect(await logins.lookUp(bob, userCode)).toBe('unknown_user_code');
      for (const state of ['approved', 'denied'] as const)
        expect(await logins.decide(bob, userCode, state)).toBe('unknown_user_code');
      expect(await logins.redeem(deviceCode)).toBe('authorization_pending');
      expect(await logins.lookUp(owner, userCode)).toMatchObject({ userId: 'owner' });
    });

    test('refuses the decision on a login that the user has not looked up', async () => {
      const logins = deviceLogins(create().store);
      const { userCode } = await logins.start();
      expect(await logins.decide(owner, userCode, 'approved')).toBe('unknown_user_code');
    });

    test('refuses to show and to decide a login that was never started', async () => {
      const logins = deviceLogins(create().store);
      expect(await logins.lookUp(owner, 'BBBBBBBB')).toBe('unknown_user_code');
      for (const state of ['approved', 'denied'] as const)
        expect(await logins.decide(owner, 'BBBBBBBB', state)).toBe('unknown_user_code');
    });

    test('takes another user code if the first one belongs to another login', async () => {
      const { store } = create();
      const { id: other } = await boundLogin(store, bob.userId, 'device-other');
      const occupied = await store.findDeviceLogin([other]);
      const tried: string[] = [];
      const busy: KeyStore = {
        ...store,
        async transactDeviceLogin(ids, decide) {
          tried.push(...ids);
          const [id = ''] = ids;
          if (tried.length === 1 && occupied !== undefined)
            await store.transactDeviceLogin(ids, () => ({
              outcome: id,
              login: { ...occupied, id },
            }));
          return store.transactDeviceLogin(ids, decide);
        },
      };
      const logins = deviceLogins(busy);
      const { userCode } = await logins.start();
      expect(tried).toEqual([expect.any(String), logins.idOf(userCode)]);
      expect(await logins.lookUp(owner, userCode)).toMatchObject({ name: 'device-laptop' });
    });

    test('gives one of two users who look a login up at once the login', async () => {
      const stores = await twoStores(create());
      const [one, other] = stores.map((store) => deviceLogins(store)) as [Logins, Logins];
      const { userCode } = await one.start();
      const outcomes = await Promise.all([
        one.lookUp(owner, userCode),
        other.lookUp(bob, userCode),
      ]);
      expect(outcomes.filter((outcome) => outcome === 'unknown_user_code')).toHaveLength(1);
      const [winner] = outcomes.filter((outcome) => typeof outcome === 'object');
      expect(await stores[0].findDeviceLogin([one.idOf(userCode)])).toEqual(winner);
    });

    const denial = {
      at: present,
      actor: { kind: 'user', id: 'owner' },
      action: 'device_login.denied',
      userId: 'owner',
      name: 'device-laptop',
      reason: 'started from 203.0.113.7',
    };
    const approval = { ...denial, action: 'device_login.approved' };

    test('keeps a denial, repeats its answer, and records it once', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      for (let time = 0; time < 2; time++)
        expect(await logins.decide(owner, userCode, 'denied')).toMatchObject({ state: 'denied' });
      expect(await logins.decide(owner, userCode, 'approved')).toBe('unknown_user_code');
      expect(await logins.lookUp(owner, userCode)).toMatchObject({ state: 'denied' });
      expect(await store.readAudit('owner')).toEqual([denial]);
      expect(await logins.redeem(deviceCode)).toBe('access_denied');
      await store.issue(command({ name: 'device-laptop' }));
      expect(await logins.redeem(deviceCode), 'the name is taken').toBe('access_denied');
    });

    test('lets the user who approved take the approval back until the last second, and records both', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      for (let time = 0; time < 2; time++)
        expect(await logins.decide(owner, userCode, 'approved')).toMatchObject({
          state: 'approved',
        });
      expect(await store.readAudit('owner')).toEqual([approval]);
      expect(await logins.decide(bob, userCode, 'denied')).toBe('unknown_user_code');
      logins.wait(660);
      expect(await logins.lookUp(owner, userCode)).toBe('unknown_user_code');
      expect(await logins.decide(owner, userCode, 'denied')).toBe('unknown_user_code');
      logins.wait(659);
      expect(await logins.lookUp(owner, userCode)).toMatchObject({ state: 'approved' });
      expect(await logins.decide(owner, userCode, 'denied')).toMatchObject({ state: 'denied' });
      expect(await logins.redeem(deviceCode)).toBe('access_denied');
      expect(await keysOf({ store })).toEqual([]);
      const note = 'started from 203.0.113.7, approval taken back';
      expect(await store.readAudit('owner')).toEqual([
        { ...denial, at: present + 659, reason: note },
        approval,
      ]);
    });

    test('does not take back an approval that was redeemed, and says so', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      const { key } = (await logins.redeem(deviceCode)) as NewKey;
      expect(await logins.decide(owner, userCode, 'denied')).toBe('device_login_redeemed');
      expect(await logins.decide(bob, userCode, 'denied')).toBe('unknown_user_code');
      for (const outcome of [
        await logins.decide(owner, userCode, 'approved'),
        await logins.lookUp(owner, userCode),
      ])
        expect(outcome).toMatchObject({ state: 'redeemed' });
      expect(await logins.redeem(deviceCode)).toMatchObject({ key });
      expect(await keysOf({ store })).toEqual(['device-laptop']);
    });

    test.each([
      ['the approval is taken back', 'denied'],
      ['the user is erased', 'erased'],
    ])('issues no key if %s while the program redeems it', async (_, how) => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      const late: KeyStore = {
        ...store,
        async transact(scope, decide) {
          if (how === 'erased') await store.erase(order());
          else await logins.decide(owner, userCode, 'denied');
          return store.transact(scope, decide);
        },
      };
      expect(await deviceLogins(late).redeem(deviceCode)).toBe('access_denied');
      expect(await keysOf({ store })).toEqual([]);
    });

    test('yields either a key or a denial if both are requested at once', async () => {
      const stores = await twoStores(create());
      const [one, other] = stores.map((store) => deviceLogins(store)) as [Logins, Logins];
      for (let round = 0; round < 6; round++) {
        const user: Owner = { ...owner, userId: `user ${round}` };
        const { userCode, deviceCode } = await one.start();
        await one.lookUp(user, userCode);
        await one.decide(user, userCode, 'approved');
        const deny = () => other.decide(user, userCode, 'denied');
        const redeem = () => one.redeem(deviceCode);
        const [denied, redeemed] =
          round % 2
            ? await Promise.all([deny(), redeem()])
            : (await Promise.all([redeem(), deny()])).toReversed();
        const keys = await keysOf({ store: stores[0] } as StoreUnderTest, user.userId);
        if (denied === 'device_login_redeemed') {
          expect(redeemed).toMatchObject({ facts: { name: 'device-laptop' } });
          expect(keys).toEqual(['device-laptop']);
        } else {
          expect(denied).toMatchObject({ state: 'denied' });
          expect(redeemed).toBe('access_denied');
          expect(keys).toEqual([]);
        }
      }
    });

    test('ends in a denial if both decisions are made at once', async () => {
      const under = create();
      const stores = await twoStores(under);
      const [one, other] = stores.map((store) => deviceLogins(store)) as [Logins, Logins];
      const { userCode, deviceCode } = await one.start();
      await one.lookUp(owner, userCode);
      const [approved, denied] = await Promise.all([
        one.decide(owner, userCode, 'approved'),
        other.decide(owner, userCode, 'denied'),
      ]);
      expect(denied).toMatchObject({ state: 'denied' });
      expect(await one.redeem(deviceCode)).toBe('access_denied');
      const entries = await stores[0].readAudit('owner');
      expect(entries).toHaveLength(approved === 'unknown_user_code' ? 1 : 2);
    });

    test('an operator denies the approved logins of a user that are not redeemed, with an entry', async () => {
      const { store } = create();
      const logins = deviceLogins(store);
      const [redeemed, approved, pending, stranger] = [
        await logins.start('device-redeemed'),
        await logins.start('device-approved'),
        await logins.start('device-pending'),
        await logins.start('device-stranger'),
      ];
      for (const { userCode } of [redeemed, approved, pending])
        await logins.lookUp(owner, userCode);
      await logins.lookUp(bob, stranger.userCode);
      for (const { userCode } of [redeemed, approved])
        await logins.decide(owner, userCode, 'approved');
      await logins.decide(bob, stranger.userCode, 'approved');
      await logins.redeem(redeemed.deviceCode);
      const command = order({ reason: 'deceived' });
      expect(await countRedeemableLogins(store, command)).toBe(1);
      expect(await denyRedeemableLogins(store, command)).toBe(1);
      expect(await denyRedeemableLogins(store, command)).toBe(0);
      expect(await logins.redeem(approved.deviceCode)).toBe('access_denied');
      expect(await logins.lookUp(owner, approved.userCode)).toMatchObject({ state: 'denied' });
      expect(await logins.redeem(pending.deviceCode)).toBe('authorization_pending');
      for (const { deviceCode } of [redeemed, stranger])
        expect(await logins.redeem(deviceCode)).toMatchObject({ key: expect.any(String) });
      const { by: actor, now: at, reason, userId } = command;
      const denied = { actor, at, reason, userId, action: 'device_login.denied' };
      const entries = await store.readAudit('owner');
      expect(entries).toContainEqual({ ...denied, name: 'device-approved' });
    });

    test('an operator who denies a login again after its changes were applied counts it once', async () => {
      const { store, logins, userCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      const repeating: KeyStore = {
        ...store,
        async transactDeviceLogin(ids, decide) {
          await store.transactDeviceLogin(ids, decide);
          return store.transactDeviceLogin(ids, decide);
        },
      };
      expect(await denyRedeemableLogins(repeating, order())).toBe(1);
      expect(await denyRedeemableLogins(repeating, order())).toBe(0);
      const denied = (await store.readAudit('owner')).filter(
        ({ action }) => action === 'device_login.denied',
      );
      expect(denied).toHaveLength(1);
    });

    test('an operator neither counts nor denies a login that has ended, or whose user is erased meanwhile', async () => {
      const { store, logins, userCode, id } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      const tried: string[] = [];
      const watched: KeyStore = {
        ...store,
        async transactDeviceLogin(ids, decide) {
          tried.push(...ids);
          await store.erase(order());
          return store.transactDeviceLogin(ids, decide);
        },
      };
      const [last, ended] = [order({ now: present + 659 }), order({ now: present + 660 })];
      expect(await countRedeemableLogins(store, ended)).toBe(0);
      expect(await denyRedeemableLogins(watched, ended)).toBe(0);
      expect(tried).toEqual([]);
      expect(await countRedeemableLogins(store, last)).toBe(1);
      expect(await denyRedeemableLogins(watched, last)).toBe(0);
      expect(tried).toEqual([id]);
    });

    test('yields the same key to all requests that are sent at once or repeated, and only one', async () => {
      const stores = await twoStores(create());
      const [one, other] = stores.map((store) => deviceLogins(store)) as [Logins, Logins];
      const { userCode, deviceCode } = await one.start();
      await one.lookUp(owner, userCode);
      await one.decide(owner, userCode, 'approved');
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).redeem(deviceCode)),
      );
      one.wait(659);
      outcomes.push(await one.redeem(deviceCode));
      const keys = outcomes.map((outcome) => (typeof outcome === 'string' ? outcome : outcome.key));
      expect(new Set(keys).size, keys.join()).toBe(1);
      expect(keys[0]).toMatch(/^ant-/);
      expect(await keysOf({ store: stores[0] })).toHaveLength(1);
      const issued = (await stores[0].readAudit('owner')).filter(
        ({ action }) => action === 'key.issued',
      );
      expect(issued).toHaveLength(1);
    });

    test('ends with its codes, a minute later if it is approved', async () => {
      const { logins, userCode, deviceCode } = await lookedUp();
      logins.wait(599);
      expect(await logins.redeem(deviceCode)).toBe('authorization_pending');
      logins.wait(600);
      expect(await logins.redeem(deviceCode)).toBe('expired_token');
      expect(await logins.lookUp(owner, userCode)).toBe('unknown_user_code');
      expect(await logins.decide(owner, userCode, 'approved')).toBe('unknown_user_code');
      logins.wait(599);
      await logins.decide(owner, userCode, 'approved');
      logins.wait(660);
      expect(await logins.redeem(deviceCode)).toBe('expired_token');
      logins.wait(659);
      expect(await logins.redeem(deviceCode)).toMatchObject({ facts: { name: 'device-laptop' } });
    });

    test('accepts only the whole device code', async () => {
      const { logins, userCode, deviceCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      const other = `${deviceCode.slice(0, -1)}${deviceCode.endsWith('A') ? 'B' : 'A'}`;
      for (const code of [other, userCode, '', `${deviceCode}A`, deviceCode.toLowerCase()])
        expect(await logins.redeem(code), code).toBe('expired_token');
    });

    test('reads nothing for a text that is not a device code', async () => {
      const findDeviceLogin = () => Promise.reject(new Error('The store was read.'));
      const logins = deviceLogins({ ...create().store, findDeviceLogin });
      expect(await logins.redeem('B'.repeat(50))).toBe('expired_token');
    });

    test('yields no second key after the first was deleted', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      await logins.redeem(deviceCode);
      const claim = { tier: 'growth', issuedAt: present } as const;
      await store.delete({
        userId: 'owner',
        name: 'device-laptop',
        now: present,
        tierClaim: claim,
      });
      expect(await logins.redeem(deviceCode)).toBe('expired_token');
      expect(await keysOf({ store })).toEqual([]);
    });

    test('checks name, maximum and suspension at the approval and when the key is issued', async () => {
      const pioneer: Owner = { ...owner, tier: 'pioneer' };
      const tierClaim = { tier: 'pioneer', issuedAt: present } as const;
      for (const [refusal, prepare] of [
        ['name_taken', (store) => store.issue(command({ name: 'device-laptop', tierClaim }))],
        ['key_limit_reached', (store) => store.issue(command({ name: 'other', tierClaim }))],
        [
          'suspended',
          async (store) => {
            await store.issue(command({ name: 'deleted', tierClaim }));
            await store.delete(deletion({ name: 'deleted', tierClaim }));
            await store.suspend(order());
          },
        ],
      ] as [string, (store: StoreUnderTest['store']) => Promise<unknown>][]) {
        const { store } = create();
        const logins = deviceLogins(store);
        const [early, late] = [await logins.start(), await logins.start()];
        for (const { userCode } of [early, late]) await logins.lookUp(pioneer, userCode);
        await logins.decide(pioneer, early.userCode, 'approved');
        await prepare(store);
        expect(await logins.redeem(early.deviceCode)).toBe(refusal);
        expect(await logins.decide(pioneer, late.userCode, 'approved')).toBe(refusal);
        expect(await logins.redeem(late.deviceCode)).toBe('authorization_pending');
        expect(await logins.decide(pioneer, late.userCode, 'denied')).toMatchObject({
          state: 'denied',
        });
      }
    });

    test('fixes the tier at the approval, unless a newer token says otherwise', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      await logins.decide({ ...owner, tier: 'pioneer' }, userCode, 'approved');
      const tierClaim = { tier: 'growth', issuedAt: present + 1 } as const;
      await store.issue(command({ name: 'other', tierClaim }));
      expect(await logins.redeem(deviceCode)).toMatchObject({ facts: { name: 'device-laptop' } });
      expect(await store.inspect('owner')).toMatchObject({ tier: 'growth' });
    });

    test('forgets the logins of an erased user', async () => {
      const { store, logins, userCode, deviceCode } = await lookedUp();
      await logins.decide(owner, userCode, 'approved');
      expect(await store.erase(order())).toBe(true);
      expect(await logins.redeem(deviceCode)).toBe('expired_token');
      expect(await store.inspect('owner')).toBeUndefined();
    });

    test('finds logins that were started under an older pepper', async () => {
      const { store } = create();
      const before = deviceLogins(store, { peppers: [pepper('old')] });
      const after = deviceLogins(store, { peppers: [pepper('new'), pepper('old')] });
      const { userCode, deviceCode } = await before.start();
      await after.lookUp(owner, userCode);
      await after.decide(owner, userCode, 'approved');
      expect(await after.redeem(deviceCode)).toMatchObject({ facts: { name: 'device-laptop' } });
    });

    test('stores a new login in place of an expired one with the same user code', async () => {
      const { store } = create();
      const login = {
        id: 'the id of both',
        deviceCodeDigest: 'aa',
        name: 'device-laptop',
        expiresInDays: 30,
        address: '203.0.113.7',
        createdAt: present,
        userId: undefined,
        state: 'pending',
        tierClaim: undefined,
      } as const;
      const start = (created: typeof login | { createdAt: number; deviceCodeDigest: string }) => {
        const one = { ...login, ...created };
        return store.transactDeviceLogin([login.id], (found) => decideStart(found, one));
      };
      expect(await start(login)).toBe('started');
      expect(await start(login)).toBe('started');
      expect(await start({ createdAt: present + 659, deviceCodeDigest: 'bb' })).toBe(
        'user_code_taken',
      );
      expect(await start({ createdAt: present + 660, deviceCodeDigest: 'bb' })).toBe('started');
      expect(await store.findDeviceLogin(['other', login.id])).toMatchObject({
        createdAt: present + 660,
      });
    });
  });
}

type Logins = ReturnType<typeof deviceLogins>;
