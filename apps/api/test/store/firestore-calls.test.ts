import { denyRedeemableLogins } from '@andamio/keys/device-login/withdraw';
import { checkDeadline, StoreUnavailableError, storeDeadline } from '@andamio/keys/store';
import { startFirestoreCounter } from '@andamio/testing/firestore-counter';
import { startFirestoreProxy } from '@andamio/testing/firestore-proxy';
import {
  addition,
  command,
  day,
  deletion,
  keyId,
  present,
  renewal,
  rotation,
  today,
  year,
} from '@andamio/testing/store/commands';
import { boundLogin } from '@andamio/testing/store/device-login';
import { order, rehashing, revocation } from '@andamio/testing/store/operator';
import { connected, type TestStore } from '@andamio/testing/store/store-under-test';
import type { KeyId } from '@andamio/verification/digest';
import { describe, expect, inject, test } from 'vitest';
import {
  firestoreClient,
  freshProject,
  openFirestoreStore,
  readFirestore,
} from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost') as string;

describe.skipIf(inject('emulatorHost') === undefined)('calls to Firestore', () => {
  async function start() {
    const proxy = await startFirestoreProxy(emulatorHost);
    const project = freshProject();
    const store = openFirestoreStore(proxy.host, project);
    // A single check with a long timeout. A check that timed out would be counted when it ends.
    await store.check(30_000);
    const another = openFirestoreStore(emulatorHost, project);
    const read = () => readFirestore(firestoreClient(emulatorHost, project));
    const callsOf = async (task: () => Promise<unknown>) => {
      const before = proxy.calls();
      await task();
      return proxy.calls() - before;
    };
    return { proxy, store, another, read, callsOf };
  }

  test('rejects a check within the given time while Firestore does not respond', async () => {
    const { proxy, store } = await start();
    proxy.loseAnswerTo(1);
    const startedAt = performance.now();
    await expect(store.check(100)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(checkDeadline);
    await expect(store.check()).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(storeDeadline);
  });

  test('issue keeps its own deadline if it waits for a connection that a check with a shorter one has opened', async () => {
    const another = openFirestoreStore(emulatorHost, freshProject());
    await another.check(30_000); // Loads the client library, which may take longer than the check.
    const proxy = await startFirestoreProxy(emulatorHost);
    const store = openFirestoreStore(proxy.host, freshProject());
    proxy.loseAnswerTo(0);
    const checked = store.check(500);
    await expect.poll(proxy.connections).toBe(1);
    const outcome = store.issue(command());
    await expect(checked).rejects.toBeInstanceOf(StoreUnavailableError);
    proxy.cut();
    expect(await outcome).toBe('issued');
  });

  test("issue makes one call for an owner's first key and at most three for later ones", async () => {
    const { store, callsOf } = await start();
    expect(await callsOf(() => store.issue(command({ name: 'first' })))).toBe(1);
    expect(await callsOf(() => store.issue(command({ name: 'second' })))).toBeLessThanOrEqual(3);
    expect(await callsOf(() => store.issue(command({ name: 'second' })))).toBeLessThanOrEqual(3);
  });

  test.each([
    ['first', 1],
    ['second', 3],
  ])('issue succeeds if the response to its commit is lost: the %s key', async (name, commit) => {
    const { proxy, store, read } = await start();
    if (name === 'second') expect(await store.issue(command({ name: 'first' }))).toBe('issued');
    const input = command({ name });
    const isStored = async () => (await read())['keys']?.some(({ id }) => id === input.record.id);
    proxy.loseAnswerTo(commit);
    const outcome = store.issue(input);
    await expect.poll(isStored).toBe(true);
    proxy.cut();
    expect(await outcome).toBe('issued');
    expect((await read())['keys']).toHaveLength(name === 'second' ? 2 : 1);
  });

  describe.each([
    ['first', 1],
    ['second', 3],
  ])(
    'issue succeeds if the response to its commit is lost and another process then changes the key: the %s key',
    (name, commit) => {
      test.each([
        ['deleted', (other: TestStore) => other.delete(deletion({ name })), 0],
        ['rolled', (other: TestStore) => other.roll(renewal({ name, graceSeconds: 0 })), 1],
        ['revoked', (other: TestStore, id: KeyId) => other.revoke(revocation([id])), 0],
      ] as const)('issue succeeds if its key is %s by another process', async (_, change, left) => {
        const { proxy, store, another, read } = await start();
        if (name === 'second') expect(await store.issue(command({ name: 'first' }))).toBe('issued');
        const { record, ...rules } = command({ name });
        const ofName = async (collection: string) =>
          ((await read())[collection] ?? []).filter((document) => document['name'] === name);
        proxy.loseAnswerTo(commit);
        const outcome = store.issue({ record, ...rules });
        await expect.poll(() => ofName('keys')).toHaveLength(1);
        await change(another, record.id);
        proxy.cut();
        expect(await outcome).toBe('issued');
        expect(await ofName('keys')).toHaveLength(left);
        expect(await ofName('audit')).toHaveLength(2);
      });
    },
  );

  test('rotate and roll make three calls, delete and list two, and a lookup or an unknown name one', async () => {
    const { store, callsOf } = await start();
    await store.issue(command({ expiresInDays: 1 }));
    expect(await callsOf(() => store.rotate(rotation()))).toBe(3);
    expect(await callsOf(() => store.roll(renewal()))).toBe(3);
    expect(await callsOf(() => store.list('owner', present))).toBe(2);
    expect(await callsOf(() => store.find(['0', '1', '2'].map(keyId)))).toBe(1);
    expect(await callsOf(() => store.delete(deletion()))).toBe(2);
    expect(await callsOf(() => store.delete(deletion()))).toBe(1);
    expect(await callsOf(() => store.rotate(rotation()))).toBe(1);
  });

  describe.each([
    ['list', async (store: TestStore) => (await store.list('owner', present)).keys],
    [
      'page',
      async (store: TestStore) =>
        (await store.page({ userId: 'owner', maximum: 10 })).names.map(({ current }) => current),
    ],
  ])('%s is a snapshot', (verb, read) => {
    test.each([
      ['rehashes', (other: TestStore, id: KeyId) => other.rehash(rehashing(id))],
      ['rolls', (other: TestStore) => other.roll(renewal())],
      ['deletes', (other: TestStore) => other.delete(deletion())],
    ] as const)(
      `${verb} contains a key as it was before another process %s it between the two calls`,
      async (_, change) => {
        const { host, beforeCall } = await startFirestoreCounter(emulatorHost);
        const project = freshProject();
        const store = openFirestoreStore(host, project);
        await store.check(30_000);
        const another = openFirestoreStore(emulatorHost, project);
        const { record, ...rules } = command();
        await another.issue({ record, ...rules });
        beforeCall(2, () => change(another, record.id));
        expect(await read(store)).toEqual([record]);
        expect(await read(store)).not.toEqual([record]);
      },
    );
  });

  test('concurrent lookups share one call, and each finds its own key', async () => {
    const { store, callsOf } = await start();
    const inputs = ['one', 'two', 'three'].map((name) => command({ name }));
    for (const input of inputs) expect(await store.issue(input)).toBe('issued');
    const ids = [...inputs.map(({ record }) => record.id), keyId('unknown')];
    let found: (string | undefined)[] = [];
    const look = async () => {
      found = await Promise.all(
        ids.map(async (id) => (await store.find([keyId('0'), id]))?.record.id),
      );
    };
    expect(await callsOf(look)).toBe(1);
    expect(found).toEqual([...inputs.map(({ record }) => record.id), undefined]);
  });

  test('all ids of a key are read in one call, however many keys are looked up at once', async () => {
    const { store, callsOf } = await start();
    const idsOf = (key: number) => ['new', 'old', 'oldest'].map((pepper) => keyId(pepper + key));
    const look = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, key) => store.find(idsOf(key))));
    expect(await callsOf(() => look(100))).toBe(1);
    expect(await callsOf(() => look(101))).toBe(2);
  });

  test('rotate extends a key once if the response is lost, although a second rotation would be allowed', async () => {
    const { proxy, store, read } = await start();
    const { record, ...rules } = command({ expiresInDays: 1 });
    await store.issue({ record, ...rules });
    const now = record.expiresAt; // A key extended by one day can be extended again immediately.
    proxy.loseAnswerTo(3);
    const outcome = store.rotate(rotation({ now }));
    await expect.poll(async () => (await read())['keys']?.[0]?.['expires_at']).toBe(now + day);
    proxy.cut();
    expect(await outcome).toMatchObject({ expiresAt: now + day });
    expect((await read())['keys']).toMatchObject([{ expires_at: now + day }]);
  });

  test('roll replaces the secret once if the response is lost', async () => {
    const { proxy, store, read } = await start();
    await store.issue(command());
    const input = renewal();
    proxy.loseAnswerTo(3);
    const outcome = store.roll(input);
    await expect
      .poll(async () => (await read())['keys']?.map(({ id }) => id))
      .toContain(input.secret.id);
    proxy.cut();
    expect(await outcome).toMatchObject({ record: input.secret });
    expect((await read())['keys']).toHaveLength(2);
  });

  test('revoke makes four calls, even for a name with two secrets', async () => {
    const { store, callsOf } = await start();
    const { record, ...rules } = command();
    await store.issue({ record, ...rules });
    await store.roll(renewal());
    expect(await callsOf(() => store.revoke(revocation([record.id])))).toBe(4);
    expect(await callsOf(() => store.revoke(revocation([record.id])))).toBe(1);
  });

  test('revoke succeeds if the response is lost, although the secret no longer exists', async () => {
    const { proxy, store, read } = await start();
    const { record, ...rules } = command();
    await store.issue({ record, ...rules });
    proxy.loseAnswerTo(4);
    const outcome = store.revoke(revocation([record.id]));
    await expect.poll(async () => (await read())['keys'] ?? []).toEqual([]);
    proxy.cut();
    expect(await outcome).toMatchObject({ id: record.id });
  });

  test('an operator denies a device login once, and counts it, if the response is lost', async () => {
    const { proxy, store, read } = await start();
    const { logins, userCode } = await boundLogin(store, 'owner');
    const owner = { userId: 'owner', tier: 'growth', tokenIssuedAt: present } as const;
    await logins.decide(owner, userCode, 'approved');
    proxy.loseAnswerTo(3);
    const denied = denyRedeemableLogins(store, order());
    await expect
      .poll(async () => (await read())['device_logins']?.map(({ state }) => state))
      .toEqual(['denied']);
    proxy.cut();
    expect(await denied).toBe(1);
    const actions = (await store.readAudit('owner')).map(({ action }) => action);
    expect(actions.filter((action) => action === 'device_login.denied')).toHaveLength(1);
  });

  test.each([
    ['fewer', 3],
    ['as many', 10],
    ['more', 20],
  ])(
    'a reset of usage whose response is lost is made once, and keeps what was added after it: %s requests',
    async (_, added) => {
      const { proxy, store, another, read } = await start();
      await store.addUsage(addition({ name: 10 }, { instance: 'one' }));
      proxy.loseAnswerTo(2);
      const reset = store.resetUsage(order());
      await expect
        .poll(async () => (await read())['usage']?.map(({ total }) => total))
        .toEqual([0]);
      await another.addUsage(addition({ name: added }, { instance: 'other' }));
      proxy.cut();
      expect(await reset).toEqual({ day: 10, month: 10 });
      expect(await store.readTotals('owner', today)).toEqual({ day: added, month: added });
      const entries = await store.readAudit('owner');
      expect(entries.map(({ action }) => action)).toEqual(['user.usage_reset']);
    },
  );

  test('delete succeeds if the response is lost, although the name no longer exists', async () => {
    const { proxy, store, read } = await start();
    const { record, ...rules } = command();
    await store.issue({ record, ...rules });
    proxy.loseAnswerTo(2);
    const outcome = store.delete(deletion());
    await expect.poll(async () => (await read())['keys'] ?? []).toEqual([]);
    proxy.cut();
    expect(await outcome).toBe('deleted');
  });

  test('addUsage makes two calls, and reading the totals or a year of days one', async () => {
    const { store, callsOf } = await start();
    expect(await callsOf(() => store.addUsage(addition({ name: 1 })))).toBe(2);
    expect(await callsOf(() => store.readTotals('owner', today))).toBe(1);
    const ofYear = { userId: 'owner', days: year, names: ['name'] };
    expect(await callsOf(() => store.readUsage(ofYear))).toBe(1);
  });

  test('addUsage adds once if the response is lost', async () => {
    const { proxy, store, read } = await start();
    await store.addUsage(addition({ name: 1 }));
    proxy.loseAnswerTo(2);
    const added = store.addUsage(addition({ name: 10 }));
    await expect.poll(async () => (await read())['usage']?.map(({ total }) => total)).toEqual([11]);
    proxy.cut();
    expect(await added).toEqual({ day: 11, month: 11 });
    expect(
      await store.readUsage({ userId: 'owner', days: [today], names: ['name'] }),
    ).toMatchObject([{ requests: 11 }]);
  });

  test('addUsage adds once if it is repeated after it has timed out', async () => {
    const { proxy, store, read } = await start();
    const ten = addition({ name: 10 });
    proxy.loseAnswerTo(2);
    const failed = store.addUsage(ten).catch((error: unknown) => error);
    await expect.poll(async () => (await read())['usage']?.map(({ total }) => total)).toEqual([10]);
    expect(await failed).toBeInstanceOf(Error);
    proxy.cut();
    await connected(store);
    const again = { ...ten, isRepeated: true };
    expect(await store.addUsage(again)).toEqual({ day: 10, month: 10 });
    expect(await store.addUsage(addition({ name: 1 }))).toEqual({ day: 11, month: 11 });
  });
});
