import type { KeyRecord } from '@andamio/keys/model';
import {
  decideRehash,
  type RehashCommand,
  type RehashOutcome,
  rehashSecret,
} from '@andamio/keys/rehash';
import { describe, expect, test } from 'vitest';
import { command, day, deletion, digest, keyId, present, renewal, rotation } from './commands.ts';
import type { Model } from './model.ts';
import { keyIdOf, type StoreOperation } from './operation.ts';
import { order, rehashing, revocation } from './operator.ts';
import { type StoreUnderTest, twoStores } from './store-under-test.ts';
import { held, located } from './views.ts';

/** Defines the contract tests for rehashing a key. */
function describeRehash(kind: string, create: () => StoreUnderTest) {
  describe(`${kind}: rehashing a key`, () => {
    const expiry = present + 10 * day;

    async function withKey() {
      const under = create();
      const { record, ...rules } = command({ expiresInDays: 10, maximumKeys: 1 });
      await under.store.issue({ record, ...rules });
      const input = rehashing(record.id);
      return { ...under, record, input, rehashed: { ...record, ...input.to } };
    }

    test('finds a rehashed key by its new id only, with all other fields unchanged', async () => {
      const { store, record, input, rehashed } = await withKey();
      expect(await store.rehash(input)).toBe('rehashed');
      expect(await store.find([record.id])).toBeUndefined();
      expect(await store.find([input.to.id])).toEqual({
        record: rehashed,
        tier: 'growth',
        suspended: false,
      });
      expect((await store.list('owner', present)).keys).toEqual([rehashed]);
    });

    test('keeps the name and the place of a rehashed key', async () => {
      const { store, input } = await withKey();
      await store.rehash(input);
      expect(await store.issue(command())).toBe('name_taken');
      expect(await store.issue(command({ name: 'second', maximumKeys: 1 }))).toBe(
        'key_limit_reached',
      );
      expect(await store.issue(command({ name: 'second', maximumKeys: 2 }))).toBe('issued');
    });

    test.each([
      [
        'extended',
        rotation({ now: expiry }),
        'rotate',
        (id: string) => ({ id, expiresAt: expiry + 10 * day }),
      ],
      ['rolled', renewal(), 'roll', (id: string) => ({ id, expiresAt: present + day })],
      ['deleted', deletion(), 'delete', () => undefined],
    ] as const)('allows a rehashed key to be %s', async (_, one, verb, after) => {
      const { store, input } = await withKey();
      await store.rehash(input);
      await store[verb](one as never);
      const expected = after(input.to.id);
      const found = await store.find([input.to.id]);
      if (expected === undefined) expect(found).toBeUndefined();
      else expect(found).toMatchObject({ record: expected });
    });

    test('rehashes the previous and the current secret without changing which one is current', async () => {
      const { store, record, input } = await withKey();
      const { secret, ...roll } = renewal();
      await store.roll({ secret, ...roll });
      expect(await store.rehash(input)).toBe('rehashed');
      expect(await store.find([input.to.id])).toMatchObject({
        record: { ...input.to, expiresAt: present + day },
      });
      const { to } = rehashing(secret.id);
      expect(await store.rehash({ from: secret.id, to, now: present })).toBe('rehashed');
      expect((await store.list('owner', present)).keys).toMatchObject([
        { ...to, serial: secret.serial },
      ]);
      expect(await store.find([record.id, secret.id])).toBeUndefined();
      expect(await store.delete(deletion())).toBe('deleted');
    });

    test('rotates an expired key that was rehashed', async () => {
      const { store, input } = await withKey();
      expect(await store.rehash({ ...input, now: expiry })).toBe('rehashed');
      expect(
        await store.issue(command({ name: 'second', createdAt: expiry, maximumKeys: 1 })),
      ).toBe('issued');
      expect(await store.rotate(rotation({ now: expiry, maximumKeys: 1 }))).toBe(
        'key_limit_reached',
      );
      expect(await store.rotate(rotation({ now: expiry }))).toMatchObject({
        expiresAt: expiry + 10 * day,
      });
    });

    test('keeps a rehashed key suspended until its owner is resumed', async () => {
      const { store, input } = await withKey();
      await store.suspend(order());
      await store.rehash(input);
      expect(await store.find([input.to.id])).toMatchObject({ suspended: true });
      await store.resume(order());
      expect(await store.find([input.to.id])).toMatchObject({ suspended: false });
    });

    test.each([
      ['is unknown', async () => {}, present],
      [
        'belongs to a deleted key',
        (store: StoreUnderTest['store']) => store.delete(deletion()),
        present,
      ],
      [
        'was replaced by an earlier rehash',
        (store: StoreUnderTest['store'], id: KeyRecord['id']) => store.rehash(rehashing(id)),
        present,
      ],
      ['belongs to a key past its retention', async () => {}, expiry + 30 * day],
    ] as const)('changes nothing for an id that %s', async (what, before, now) => {
      const { store, record, input } = await withKey();
      await before(store, record.id);
      const held = (await store.list('owner', present)).keys;
      const from = what === 'is unknown' ? digest() : record.id;
      expect(await store.rehash({ ...input, from, now })).toBe('no_such_key');
      expect((await store.list('owner', present)).keys).toEqual(held);
      expect(await store.find([input.to.id])).toBeUndefined();
    });

    test('rehashes a key once for concurrent rehashes and other changes through two stores', async () => {
      const { record, input, ...under } = await withKey();
      const [store, other] = await twoStores(under);
      const outcomes = await Promise.all([
        ...Array.from({ length: 10 }, (_, index) => (index % 2 ? store : other).rehash(input)),
        store.issue(command({ name: 'second' })),
        other.suspend(order()),
      ]);
      expect(outcomes.filter((outcome) => outcome === 'rehashed')).toHaveLength(1);
      const { keys } = await store.list('owner', present);
      expect(keys.filter(({ serial }) => serial === record.serial)).toMatchObject([input.to]);
      expect(await store.find([input.to.id])).toMatchObject({ suspended: true });
    });

    test('revokes a key that is rehashed concurrently, given both ids', async () => {
      const { record, input, ...under } = await withKey();
      const [store, other] = await twoStores(under);
      const [outcome] = await Promise.all([
        store.revoke(revocation([record.id, input.to.id])),
        other.rehash(input),
        other.issue(command({ name: 'second' })),
      ]);
      expect(outcome).toMatchObject({ name: 'name' });
      expect(await store.find([record.id, input.to.id])).toBeUndefined();
    });
  });
}

function rehashInModel(model: Model, { from, to, now }: RehashCommand) {
  const isTarget = (key: KeyRecord) => key.id === from && key.deleteAfter > now;
  const target = [...model.keys, ...model.superseded].find(isTarget);
  if (target === undefined) return 'no_such_key';
  const rehashed = (key: KeyRecord) => (isTarget(key) ? { ...key, ...to } : key);
  model.issued.push({ ...target, ...to });
  model.keys = model.keys.map(rehashed);
  model.superseded = model.superseded.map(rehashed);
  model.log.push(target.userId);
  return 'rehashed';
}

export const rehash: StoreOperation<RehashCommand, RehashOutcome> = {
  run: rehashSecret,
  describeContract: describeRehash,
  decisions: {
    rehash: {
      decide: () => decideRehash(held, rehashing(located.id)),
      changes: ['put current'],
      action: 'key.redigested',
    },
  },
  cost: { calls: 4, reads: 6, writes: 5, command: ({ id }) => rehashing(id) },
  random: {},
  commandOf: (step, model) => rehashing(keyIdOf(step, model) ?? keyId('0'), { now: step.now }),
  model: rehashInModel,
};
