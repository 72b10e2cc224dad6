import { createHash } from 'node:crypto';
import { rememberedFor, usageDeleteAfter } from '@andamio/keys/usage/month';
import { collections, collectionsByUser } from '@andamio/schema/firestore-layout';
import { auditRetentionDays } from '@andamio/schema/retention';
import { unlimitedKeys } from '@andamio/schema/tiers';
import { testAgainstModel } from '@andamio/testing/store/against-model';
import {
  addition,
  command,
  day,
  deletion,
  idempotent,
  owner,
  present,
  renewal,
  rotation,
  today,
} from '@andamio/testing/store/commands';
import { describeKeyStore } from '@andamio/testing/store/contract';
import { boundLogin } from '@andamio/testing/store/device-login';
import { order, revocation } from '@andamio/testing/store/operator';
import { createKeyReader } from '@andamio/verification/firestore/key-reader';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { openFirestore, timestampOf } from '../../src/store/firestore/client.ts';
import { documentWriter } from '../../src/store/firestore/documents.ts';
import { erase } from '../../src/store/firestore/erase.ts';
import { firestoreStore, freshProject, openFirestoreStore } from '../harness/stores.ts';
import { describeStoredKeys } from './stored.ts';

const emulatorHost = inject('emulatorHost');
const create = () => firestoreStore(emulatorHost as string);
const astral = '\u{1F511}'.repeat(100);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe.skipIf(emulatorHost === undefined)('Firestore', () => {
  describeKeyStore('Firestore', create);
  describeStoredKeys('Firestore', create);
  testAgainstModel('Firestore', create, 25);

  describe('stored documents', () => {
    test('writes only to the documented collections, with the documented document ids', async () => {
      const { store, read } = create();
      const idempotentRequest = idempotent('request', 'a "key"');
      const { record, ...rules } = command({
        userId: 'a/b',
        name: 'ключ',
        request: { ...idempotentRequest, userId: 'a/b' },
      });
      await store.issue({ record, ...rules });
      await store.addUsage(addition({ ключ: 1 }, { userId: 'a/b' }));
      const login = await boundLogin(store, 'a/b');

      const stored = await read();
      expect(Object.keys(stored).toSorted()).toEqual(
        Object.values(collections)
          .map(({ id }) => id)
          .toSorted(),
      );
      const namesOf = (collection: string) => stored[collection]?.map(({ id }) => id);
      expect(namesOf('owners')).toEqual([sha256('a/b')]);
      expect(namesOf('names')).toEqual([sha256('["a/b","ключ"]')]);
      expect(namesOf('keys')).toEqual([record.id]);
      expect(namesOf('idempotency')).toEqual([sha256('["a/b","request","a \\"key\\""]')]);
      expect(namesOf('device_logins')).toEqual([login.id]);
      expect(namesOf('usage')).toEqual([sha256('["a/b","2025-08"]')]);
    });

    test('sets the TTL field in the documented collections only, with one time for all documents of a key', async () => {
      const { store, read } = create();
      await store.issue(command({ expiresInDays: 1, request: idempotent('request') }));
      await store.addUsage(addition({ name: 1 }));
      await boundLogin(store, 'owner');
      const stored = await read();
      const removals: Record<string, number> = {
        device_logins: present + 660,
        audit: present + auditRetentionDays * day,
        idempotency: present + day,
        usage: usageDeleteAfter('owner', today),
      };
      for (const { id, ttlField } of Object.values<{ id: string; ttlField?: string }>(
        collections,
      )) {
        expect(ttlField, id).toBe(id === 'owners' ? undefined : 'remove_at');
        const removal = removals[id] ?? present + 31 * day;
        expect(new Set(stored[id]?.map(({ remove_at }) => remove_at)), id).toEqual(
          new Set([ttlField && removal]),
        );
      }
    });

    test('stores the user id in every collection, so that erase finds all documents of a user', async () => {
      const { store, read } = create();
      await store.issue(command({ request: idempotent('request') }));
      await store.addUsage(addition({ name: 1 }));
      await boundLogin(store, 'owner');
      const stored = await read();
      for (const { id } of Object.values(collections)) {
        const owners = new Set(stored[id]?.map(({ user_id }) => user_id));
        expect(owners, id).toEqual(new Set(['owner']));
      }
      const others = Object.values(collections).filter(({ id }) => id !== 'owners');
      expect(collectionsByUser).toEqual(others);
    });

    test('stores name and id of each key in the collection for lookups by name', async () => {
      const { store, read } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      expect((await read())['names']).toEqual([
        {
          id: expect.any(String),
          user_id: 'owner',
          name: 'name',
          key_id: record.id,
          serial: record.serial,
          previous_id: null,
          remove_at: record.deleteAfter,
        },
      ]);
    });

    test('sets the TTL of a previous secret to the end of its grace', async () => {
      const { store, read } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      await store.roll(renewal({ graceSeconds: 60 }));
      const { keys = [], owners } = await read();
      expect(keys.find(({ id }) => id === record.id)).toMatchObject({
        superseded: true,
        remove_at: present + 60,
      });
      expect(owners).toMatchObject([{ superseded: { [record.id]: present + 60 } }]);
    });

    test("drops expired keys from an owner's list of active keys with the next write", async () => {
      const { store, read } = create();
      await store.issue(command({ name: 'first', expiresInDays: 1 }));
      const { record, ...rules } = command({ name: 'second', createdAt: present + day });
      await store.issue({ record, ...rules });
      expect((await read())['owners']).toMatchObject([
        { active: { [record.id]: record.expiresAt } },
      ]);
    });

    test('updates the expiry and the TTL in all documents of a key that is rotated', async () => {
      const { store, read } = create();
      const { record, ...rules } = command({ expiresInDays: 1 });
      await store.issue({ record, ...rules });
      await store.rotate(rotation({ now: record.expiresAt, expiresInDays: 7 }));
      const { owners, names, keys } = await read();
      const expiresAt = record.expiresAt + 7 * day;
      expect(owners).toMatchObject([{ active: { [record.id]: expiresAt } }]);
      expect(names).toMatchObject([{ key_id: record.id, remove_at: expiresAt + 30 * day }]);
      expect(keys).toMatchObject([{ expires_at: expiresAt, remove_at: expiresAt + 30 * day }]);
    });

    test("keeps the ids of an owner's last 20 changes only", async () => {
      const { store, read } = create();
      for (let index = 0; index < 25; index++) {
        await store.issue(command());
        await store.delete(deletion());
      }
      const [owner] = (await read())['owners'] ?? [];
      expect(Object.keys(owner?.['attempts'] as object)).toHaveLength(20);
      expect(owner).toMatchObject({ active: {} });
    });

    test('does not write key documents for a newer token with the same tier', async () => {
      const { store, client } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      const writtenAt = async () =>
        (await client.doc(`keys/${record.id}`).get()).updateTime?.valueOf();
      const before = await writtenAt();
      await store.claimTier({
        userId: 'owner',
        tierClaim: { tier: 'growth', issuedAt: present + 1 },
        now: present,
      });
      expect(await writtenAt()).toBe(before);
      await store.claimTier({
        userId: 'owner',
        tierClaim: { tier: 'pioneer', issuedAt: present + 2 },
        now: present,
      });
      expect(await writtenAt()).not.toBe(before);
    });

    test("stores a day's counts under hashed names, and the totals of the day and the month", async () => {
      const { store, read } = create();
      const first = addition({ [astral]: 2, name: 1 }, { instance: 'one', number: 1 });
      await store.addUsage(first);
      await store.addUsage(addition({ name: 1 }, { instance: 'other', number: 2 }));
      await store.addUsage(
        addition({ name: 1 }, { day: '2025-08-01', instance: 'one', number: 3 }),
      );
      const hash = (name: string) =>
        createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');
      expect((await read())['usage']).toEqual([
        {
          id: expect.any(String),
          user_id: 'owner',
          month: '2025-08',
          total: 5,
          days: { '01': 1, '31': 4 },
          names: { [hash(astral)]: { '31': 2 }, [hash('name')]: { '01': 1, '31': 2 } },
          last_uses: {},
          instances: { one: 3, other: 2 },
          forgotten: 0,
          older_days: {},
          remove_at: usageDeleteAfter('owner', today),
        },
      ]);
    });

    test('forgets instances that have added no usage for an hour', async () => {
      const { store, read } = create();
      const numbered = (instance: string, number: number) =>
        addition({ name: 1 }, { instance, number });
      await store.addUsage(numbered('one', 1));
      await store.addUsage(numbered('other', 2));
      await store.addUsage(numbered('third', 1 + rememberedFor));
      expect((await read())['usage']).toMatchObject([
        { instances: { other: 2, third: 1 + rememberedFor }, forgotten: 1 },
      ]);
    });

    test('issues a name again whichever documents of its removed key Firestore has deleted', async () => {
      const { store, client } = create();
      await store.issue(command({ expiresInDays: 1 }));
      for (const collection of ['names', 'keys']) {
        for (const document of await client.collection(collection).listDocuments())
          await document.delete();
      }
      expect(await store.issue(command({ createdAt: present + 31 * day }))).toBe('issued');
    });
  });

  test('suspends, counts, resumes and revokes the maximum of keys that any tier allows', async () => {
    const { store, client, read } = create();
    const { record, ...rules } = command({ name: 'name 0' });
    await store.issue({ record, ...rules });
    const copies = Array.from(
      { length: unlimitedKeys - 1 },
      (_, index) => command({ name: `name ${index + 1}` }).record,
    );
    const key = (await client.doc(`keys/${record.id}`).get()).data();
    const name = (await client.doc(`names/${sha256('["owner","name 0"]')}`).get()).data();
    const writer = client.bulkWriter();
    for (const copy of copies) {
      const own = { name: copy.name, serial: copy.serial };
      void writer.create(client.doc(`keys/${copy.id}`), { ...key, ...own });
      void writer.create(client.doc(`names/${sha256(JSON.stringify(['owner', copy.name]))}`), {
        ...name,
        ...own,
        key_id: copy.id,
      });
    }
    await writer.close();
    const active = Object.fromEntries(
      [record, ...copies].map(({ id }) => [id, key?.['expires_at']]),
    );
    await client.doc(`owners/${sha256('owner')}`).update({ active });

    expect(await store.suspend(order())).toBe('suspended');
    expect((await read())['keys']?.every(({ suspended }) => suspended)).toBe(true);
    expect(await store.countKeys(present)).toMatchObject([{ active: unlimitedKeys }]);
    expect(await store.resume(order())).toBe('resumed');
    expect((await read())['keys']?.some(({ suspended }) => suspended)).toBe(false);
    expect(await store.revokeAll(order())).toHaveLength(unlimitedKeys);
    expect(await read()).toMatchObject({ owners: [{ active: {} }] });
    expect((await read())['keys']).toBeUndefined();
  }, 60_000);

  test('erase removes a device login that the user looks up after the others were removed', async () => {
    const project = freshProject();
    const store = openFirestoreStore(emulatorHost as string, project);
    await store.issue(command());
    const { logins } = await boundLogin(store, 'owner');
    const { userCode } = await logins.start('device-other');

    const address = { project, database: '(default)', emulatorHost };
    const connection = openFirestore(address);
    onTestFinished(() => connection.close());
    const { firestore } = connection;
    const lookUpOnce = async () => {
      if (isLookedUp || (await store.deviceLoginsOf('owner')).length > 0) return;
      isLookedUp = true;
      await logins.lookUp(owner, userCode);
    };
    let isLookedUp = false;
    const createBatch = firestore.batch.bind(firestore);
    vi.spyOn(firestore, 'batch').mockImplementation(() => {
      const batch = createBatch();
      const commit = batch.commit.bind(batch);
      return Object.assign(batch, { commit: () => lookUpOnce().then(commit) });
    });
    const database = {
      connection,
      firestore,
      readKey: createKeyReader(firestore),
      write: documentWriter(timestampOf),
      timestamp: timestampOf,
    };
    expect(await connection.use(() => erase(database, order()))).toBe(true);
    expect(isLookedUp).toBe(true);
    expect(await store.deviceLoginsOf('owner')).toEqual([]);
  });

  test('a key whose name the TTL deleted first counts as removed for a command that locates it by id', async () => {
    const { store, client } = create();
    const { record, ...rules } = command();
    await store.issue({ record, ...rules });
    await client.doc(`names/${sha256('["owner","name"]')}`).delete();
    expect(await store.find([record.id])).toBeDefined();
    expect(await store.revoke(revocation([record.id]))).toBe('no_such_key');
  });

  describe('invalid documents', () => {
    const secret = 'a confidential value';
    const ownerPath = `owners/${sha256('owner')}`;
    const namePath = `names/${sha256('["owner","name"]')}`;

    test.each([
      ['an invalid list of active keys', ownerPath, { active: secret }, 'active'],
      ['an invalid expiry', ownerPath, { 'active.0123': secret }, 'active'],
      ['an unknown tier', ownerPath, { tier: secret }, 'tier'],
      ['a numeric user id', ownerPath, { user_id: 42 }, 'user_id'],
      ['an invalid TTL', namePath, { remove_at: secret }, 'remove_at'],
    ])(
      'issue rejects %s with an error that names document and field, without the value',
      async (_, path, fields, field) => {
        const { store, client } = create();
        await store.issue(command());
        await client.doc(path).update(fields);

        const error = await store.issue(command()).catch((cause: unknown) => cause);
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).toBe(
          `The stored document ${path} does not match its schema. Invalid fields: ${field}.`,
        );
        expect(
          JSON.stringify([(error as Error).message, (error as Error).stack, error]),
        ).not.toContain(secret);
      },
    );

    test.each([
      ['an invalid total', { total: secret }, 'total'],
      ['invalid counts', { 'names.0123': secret }, 'names'],
      ['an invalid number of an instance', { 'instances.0123': secret }, 'instances'],
    ])(
      'addUsage rejects %s with an error that names document and field',
      async (_, fields, field) => {
        const { store, client } = create();
        const path = `usage/${sha256('["owner","2025-08"]')}`;
        await store.addUsage(addition({ name: 1 }));
        await client.doc(path).update(fields);
        await expect(store.addUsage(addition({ name: 1 }))).rejects.toThrow(
          `The stored document ${path} does not match its schema. Invalid fields: ${field}.`,
        );
      },
    );

    test('wasRevoked rejects an audit entry without an action with an error that names it', async () => {
      const { store, client } = create();
      const { record, ...rules } = command();
      await store.issue({ record, ...rules });
      const [entry] = (await client.collection('audit').get()).docs;
      await entry?.ref.update({ action: secret });
      await expect(store.wasRevoked([record.id])).rejects.toThrow(
        `The stored document audit/${entry?.id} does not match its schema. Invalid fields: action.`,
      );
    });

    test.each(['list', 'rotate'] as const)(
      '%s rejects an invalid key with an error that names document and field, without the value',
      async (verb) => {
        const { store, client } = create();
        const { record, ...rules } = command();
        await store.issue({ record, ...rules });
        await client.doc(`keys/${record.id}`).update({ expires_at: secret });

        const call = verb === 'list' ? store.list('owner', present) : store.rotate(rotation());
        const error = await call.catch((cause: unknown) => cause);
        expect((error as Error).message).toBe(
          `The stored document keys/${record.id} does not match its schema. Invalid fields: expires_at.`,
        );
        expect(JSON.stringify([(error as Error).stack, error])).not.toContain(secret);
      },
    );
  });
});
