import {
  addition,
  command,
  day,
  present,
  renewal,
  rotation,
} from '@andamio/testing/store/commands';
import { createMemoryStore } from '@andamio/testing/store/memory-store';
import { withOperations } from '@andamio/testing/store/operations';
import { order } from '@andamio/testing/store/operator';
import { expect, test } from 'vitest';
import { stale } from '../../src/admin/commands/stale.ts';

const dayOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);

/**
 * Creates an empty store, with functions that run the command `stale` on it 100 days after
 * {@link present} and that store usage.
 */
async function start() {
  const store = withOperations(createMemoryStore());
  const now = present + 100 * day;
  const plan = (args: object) =>
    stale.plan(args as never, {}) as (context: object) => Promise<object>;
  const run = (idleDays: number, more: object = {}) =>
    plan({ 'idle-days': String(idleDays), ...more })({ store, now: () => now * 1000 }) as Promise<{
      readonly done: boolean;
      readonly json: {
        readonly keys: readonly Readonly<Record<string, unknown>>[];
        readonly has_more: boolean;
      };
      readonly text: readonly string[];
    }>;
  /** Stores a request with a key. Earlier releases stored no last use. */
  async function use(name: string, daysAgo: number, serial?: string, userId = 'owner') {
    const at = now - daysAgo * day;
    const lastUses = new Map(serial === undefined ? [] : [[serial, Math.floor(at / 60)]]);
    await store.addUsage(addition({ [name]: 1 }, { userId, day: dayOf(at), lastUses }));
  }
  const staleNames = async (idleDays: number) =>
    (await run(idleDays)).json.keys.map(({ name }) => name);
  return { store, now, run, use, staleNames };
}

test('stale lists keys that were not used for the given days, with the last use', async () => {
  const { store, run, use, staleNames } = await start();
  for (const name of ['never', 'recently', 'long ago'])
    await store.issue(command({ name, serial: name }));
  await use('recently', 3, 'recently');
  await use('long ago', 40, 'long ago');
  expect(await staleNames(30)).toEqual(['never', 'long ago']);
  expect(await staleNames(2)).toEqual(['never', 'long ago', 'recently']);
  expect(await staleNames(60)).toEqual(['never']);
  const { done, json, text } = await run(30);
  expect(done).toBe(true);
  expect(json.keys[1]).toMatchObject({
    user_id: 'owner',
    name: 'long ago',
    last_used_at: '2025-10-30T23:59:00Z',
  });
  expect(text[1]).toMatch(/^- +2025-08-31T23:59:59Z +[0-9a-f]{64} +owner +never$/);
});

test('stale lists no expired keys, and none that were issued or rolled within the days', async () => {
  const { store, now, staleNames } = await start();
  await store.issue(command({ name: 'expired', expiresInDays: 99 }));
  await store.issue(command({ name: 'new', createdAt: now - 29 * day }));
  await store.issue(command({ name: 'rolled' }));
  await store.roll(renewal({ name: 'rolled', now: now - 10 * day }));
  expect(await staleNames(30)).toEqual([]);
});

test('stale does not list a key that was used before last uses were stored', async () => {
  const { store, use, staleNames } = await start();
  await store.issue(command());
  await use('name', 20);
  expect(await staleNames(30)).toEqual([]);
  expect(await staleNames(10)).toEqual(['name']);
});

test('stale does not list a key that was used, although its usage was reset', async () => {
  const { store, now, use, staleNames } = await start();
  const { record, ...rules } = command();
  await store.issue({ record, ...rules });
  await use('name', 1, record.serial);
  await store.resetUsage(order({ now: now - day }));
  expect(await staleNames(2)).toEqual([]);
});

test('stale does not list a key whose previous secret is used', async () => {
  const { store, now, use, staleNames } = await start();
  const { record, ...rules } = command({ expiresInDays: 50 });
  await store.issue({ record, ...rules });
  await store.rotate(rotation({ now: present + 50 * day, expiresInDays: 365 }));
  await store.roll(renewal({ now: now - 3 * day, graceSeconds: 7 * day }));
  await use('name', 1, record.serial);
  expect(await staleNames(2)).toEqual([]);
});

test('stale lists the keys of all users, up to the limit', async () => {
  const { store, run } = await start();
  for (let index = 0; index < 40; index++) await store.issue(command({ userId: `user ${index}` }));
  const all = await run(30, { limit: '40' });
  expect(new Set(all.json.keys.map((key) => key['user_id'])).size).toBe(40);
  expect(all.json.has_more).toBe(false);
  const some = await run(30, { limit: '39' });
  expect([some.json.keys.length, some.json.has_more]).toEqual([39, true]);
  expect(some.text.at(-1)).toBe('More keys match. Raise --limit.');
});

test.each([undefined, '', '0', '366', '1.5', '-1', 'ten', '9999'])(
  'stale rejects --idle-days %j and names the option',
  (days) => {
    expect(() => stale.plan({ 'idle-days': days } as never, {})).toThrow(
      '--idle-days must be an integer from 1 to 365.',
    );
  },
);
