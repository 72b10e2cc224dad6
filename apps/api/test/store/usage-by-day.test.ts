import { maximumInstances, maximumNamesPerMonth } from '@andamio/keys/usage/month';
import { startFirestoreCounter } from '@andamio/testing/firestore-counter';
import { addition, today, year } from '@andamio/testing/store/commands';
import { order } from '@andamio/testing/store/operator';
import * as fc from 'fast-check';
import { describe, expect, inject, test } from 'vitest';
import { nameOf } from '../../src/store/firestore/documents.ts';
import {
  firestoreClient,
  firestoreStore,
  freshProject,
  openFirestoreStore,
} from '../harness/stores.ts';
import { addUsageByDay } from '../harness/usage-by-day.ts';

const emulatorHost = inject('emulatorHost') as string;
const lastMonth = '2025-07-31';
const names = ['one', 'two'];

/**
 * A step in which either this release or an earlier one adds usage. The earlier one stores each day
 * in a separate document.
 */
const step = fc.record({
  release: fc.constantFrom('earlier', 'this'),
  day: fc.constantFrom('2025-08-01', '2025-08-30', today),
  name: fc.constantFrom(...names),
  requests: fc.integer({ min: 1, max: 9 }),
});

describe.skipIf(inject('emulatorHost') === undefined)('beside a release that stores days', () => {
  test('totals and daily usage are exact in any order of additions, and earlier releases have exact months', async () => {
    const { store, client } = firestoreStore(emulatorHost);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.uuid(),
        async (steps, userId) => {
          /** The expected counts by day and name, which a simple model keeps. */
          const counted = new Map<string, number>();
          const sumOf = (prefix: string) =>
            [...counted].reduce((sum, [id, count]) => sum + (id.startsWith(prefix) ? count : 0), 0);
          let number = 0;
          for (const { release, day, name, requests } of steps) {
            const id = `${day} ${name}`;
            counted.set(id, (counted.get(id) ?? 0) + requests);
            const command = addition(
              { [name]: requests },
              { userId, day, instance: 'one', number: ++number },
            );
            if (release === 'this') {
              const totals = { day: sumOf(day), month: sumOf('') };
              expect(await store.addUsage(command)).toEqual(totals);
              expect(await store.addUsage({ ...command, isRepeated: true })).toEqual(totals);
            } else expect((await addUsageByDay(client, command)).month).toBe(sumOf(''));
          }
          const days = ['2025-08-01', '2025-08-30', today, lastMonth];
          for (const day of days.slice(0, 3))
            expect(await store.readTotals(userId, day)).toEqual({
              day: sumOf(day),
              month: sumOf(''),
            });
          const rows = await store.readUsage({ userId, days, names });
          expect(
            new Map(rows.map(({ day, name, requests }) => [`${day} ${name}`, requests])),
          ).toEqual(counted);
        },
      ),
      { numRuns: 8 },
    );
  }, 120_000);

  test('concurrent additions of both releases are all counted once', async () => {
    const { store, another, client } = firestoreStore(emulatorHost);
    const other = another();
    await Promise.all([store.check(20_000), other.check(20_000)]);
    await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const command = addition({ name: 1 });
        return index % 3 === 0
          ? addUsageByDay(client, command)
          : (index % 3 === 1 ? store : other).addUsage(command);
      }),
    );
    expect(await store.readTotals('owner', today)).toEqual({ day: 24, month: 24 });
    expect(await other.readUsage({ userId: 'owner', days: [today], names: ['name'] })).toEqual([
      { day: today, name: 'name', requests: 24 },
    ]);
  }, 30_000);

  test('a reset also deletes the days of the current month that the earlier release stored', async () => {
    const { store, client, read } = firestoreStore(emulatorHost);
    for (const day of [lastMonth, '2025-08-01', today])
      await addUsageByDay(client, addition({ name: 1 }, { day }));
    expect(await store.resetUsage(order())).toEqual({ day: 1, month: 2 });
    expect(await store.readTotals('owner', today)).toEqual({ day: 0, month: 0 });
    expect(await store.readTotals('owner', lastMonth)).toEqual({ day: 1, month: 1 });
    const left = (await read())['usage'] ?? [];
    expect(left.map(({ total }) => total).toSorted()).toEqual([0, 1, 1]);
    expect((await addUsageByDay(client, addition({ name: 1 }))).day).toBe(1);
  });

  test('an erasure deletes the documents of days, and leaves months without content', async () => {
    const { store, client, read } = firestoreStore(emulatorHost);
    await addUsageByDay(client, addition({ name: 1 }));
    await store.addUsage(addition({ name: 1 }, { day: lastMonth }));
    expect(await store.erase(order())).toBe(true);
    const left = (await read())['usage'] ?? [];
    expect(left).toHaveLength(15);
    for (const document of left) {
      expect(document).toMatchObject({ total: 0, days: {}, names: {}, last_uses: {} });
      expect(document).not.toHaveProperty('user_id');
    }
  });

  test('documents of days are read once after an earlier release has added, and not again', async () => {
    const counter = await startFirestoreCounter(emulatorHost);
    const project = freshProject();
    const store = openFirestoreStore(counter.host, project);
    const client = firestoreClient(emulatorHost, project);
    for (const of of ['2025-08-30', today])
      await addUsageByDay(client, addition({ name: 1 }, { day: of }));
    const readYear = () => store.readUsage({ userId: 'owner', days: year, names: ['name'] });
    expect(await counter.costOf(readYear)).toEqual({ calls: 2, reads: 13 + 31, writes: 0 });
    const add = () => store.addUsage(addition({ name: 1 }));
    expect(await counter.costOf(add)).toEqual({ calls: 3, reads: 32, writes: 1 });
    expect(await counter.costOf(add)).toEqual({ calls: 2, reads: 1, writes: 1 });
    const days = ['2025-08-29', '2025-08-30', today];
    const read = () => store.readUsage({ userId: 'owner', days, names: ['name'] });
    expect(await counter.costOf(read)).toEqual({ calls: 2, reads: 3, writes: 0 });
    expect(await read()).toEqual([
      { day: '2025-08-30', name: 'name', requests: 1 },
      { day: today, name: 'name', requests: 3 },
    ]);
  });
});

/** Maximum size of a document in bytes (https://firebase.google.com/docs/firestore/quotas). */
const maximumBytes = 1_048_576;

/**
 * Returns the size of a value according to https://firebase.google.com/docs/firestore/storage-size.
 */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 1;
  if (typeof value === 'number' || value instanceof Date) return 8;
  return Object.entries(value as object).reduce(
    (sum, [name, inner]) => sum + sizeOf(name) + sizeOf(inner),
    32,
  );
}

describe.skipIf(inject('emulatorHost') === undefined)('the largest document of a month', () => {
  test('is within the limit of Firestore, and can be added to', async () => {
    const { store, client } = firestoreStore(emulatorHost);
    const userId = '\u{1F511}'.repeat(128);
    await store.addUsage(addition({ name: 1 }, { userId }));
    const document = client.doc(`usage/${nameOf(userId, '2025-08')}`);
    // The document is written directly, because making its counts by additions would take minutes.
    const field = (index: number) => `name ${index}`.padEnd(22, '-');
    const ofDays = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [String(index + 1).padStart(2, '0'), 1]),
      );
    const { number } = addition({});
    const full = {
      ...(await document.get()).data(),
      total: 2 * 31,
      days: ofDays(31),
      older_days: ofDays(31),
      // 5,000 names take 275,000 bytes, and 56,818 days the rest of 900,000.
      names: Object.fromEntries(
        Array.from({ length: maximumNamesPerMonth }, (_, index) => [
          field(index),
          ofDays(index < 1_818 ? 12 : 11),
        ]),
      ),
      instances: Object.fromEntries(
        Array.from({ length: maximumInstances }, (_, index) => [
          String(index).padStart(11, '-'),
          number + index,
        ]),
      ),
    };
    await document.set(full);
    const counts = new Map([['another name', 1]]);
    const late = { userId, counts, instance: 'late', number: number + maximumInstances };
    const totals = { day: 3, month: 63 };
    expect(await store.addUsage(addition({}, late))).toEqual(totals);
    expect(await store.readUsage({ userId, days: [today], names: ['another name'] })).toEqual([]);

    const stored = (await document.get()).data() as Record<string, unknown>;
    expect(Object.keys(stored['instances'] as object)).toHaveLength(maximumInstances);
    const { remove_at: _, ...fields } = stored;
    const size =
      sizeOf('usage') + sizeOf(document.id) + 16 + sizeOf(fields) + sizeOf('remove_at') + 8;
    expect(size).toBeGreaterThan(975_000);
    expect(size).toBeLessThan(985_000);
    const padding = 'x'.repeat(maximumBytes - size);
    await expect(
      document.update({ padding: padding.repeat(4) }),
      'the emulator enforces the limit',
    ).rejects.toThrow('maximum entity size is 1048576 bytes');
  }, 60_000);
});
