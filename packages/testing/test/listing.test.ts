import { listKeys } from '@andamio/keys/list';
import { listPage } from '@andamio/keys/list-page';
import { expect, test } from 'vitest';
import { addition, command, day, owner, present, renewal } from '../src/store/commands.ts';
import { createMemoryStore } from '../src/store/memory-store.ts';
import { withOperations } from '../src/store/operations.ts';
import { keysIn } from '../src/store/set-up.ts';

/** Creates a store with keys, given as names, creation times and days, in this order. */
async function storeWith(keys: readonly (readonly [name: string, at: number, days: number])[]) {
  const store = withOperations(createMemoryStore());
  for (const [name, createdAt, expiresInDays] of keys)
    expect(await store.issue(command({ name, createdAt, expiresInDays }))).toBe('issued');
  return store;
}

test('lists unexpired keys oldest first and expired ones last expired first, then by name', async () => {
  const store = await storeWith([
    ['x', present - 10 * day, 2],
    ['y', present - 10 * day, 1],
    ['w', present - 10 * day, 2],
    ['z', present - 10 * day, 3],
    ['b', present - 10, 30],
    ['c', present - 20, 30],
    ['a', present - 10, 30],
    ['d', present - 5, 30],
  ]);
  const { active, expired } = await listKeys(keysIn(store), owner);
  expect(active.map(({ name }) => name)).toEqual(['c', 'a', 'b', 'd']);
  expect(expired.map(({ name }) => name)).toEqual(['z', 'w', 'x', 'y']);
});

test('lists the secrets of a page oldest first, then by name, and the previous secret of a name first', async () => {
  const store = await storeWith([
    ['c', present - 10, 30],
    ['a', present - 10, 30],
    ['b', present - 20, 30],
  ]);
  await store.roll(renewal({ name: 'a', now: present - 10 }));
  const page = await listPage(keysIn(store), owner, { pageSize: 10, pageToken: undefined });
  expect(page?.keys.map(({ record, state }) => [record.name, state])).toEqual([
    ['b', 'active'],
    ['a', 'previous'],
    ['a', 'active'],
    ['c', 'active'],
  ]);
});

test('continues after a page on which the retention of all keys has passed', async () => {
  const store = await storeWith([
    ['a', present - 40 * day, 1],
    ['b', present - 40 * day, 1],
    ['c', present, 1],
  ]);
  const first = await listPage(keysIn(store), owner, { pageSize: 1, pageToken: undefined });
  expect(first).toEqual({ keys: [], nextPageToken: expect.any(String) });
  const next = await listPage(keysIn(store), owner, {
    pageSize: 1,
    pageToken: first?.nextPageToken,
  });
  expect(next).toMatchObject({ keys: [{ record: { name: 'c' } }], nextPageToken: undefined });
});

test('shows the last use of the oldest key of a page, in whichever month it was', async () => {
  const store = await storeWith([
    ['new', present, 30],
    ['old', present - 100 * day, 200],
  ]);
  const { keys } = await store.list('owner', present);
  const [serial = ''] = keys.filter(({ name }) => name === 'old').map((key) => key.serial);
  const usedAt = present - 90 * day;
  const minute = Math.floor(usedAt / 60);
  const date = new Date(usedAt * 1000).toISOString().slice(0, 10);
  await store.addUsage(addition({ old: 1 }, { day: date, lastUses: new Map([[serial, minute]]) }));
  const page = await listPage(keysIn(store), owner, { pageSize: 10, pageToken: undefined });
  expect(page?.keys).toMatchObject([
    { record: { name: 'old' }, lastUsedAt: minute * 60 },
    { record: { name: 'new' }, lastUsedAt: undefined },
  ]);
});
