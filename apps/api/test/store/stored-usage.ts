import { addition } from '@andamio/testing/store/commands';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

/** Defines the tests of stored usage that both stores must pass. */
export function describeStoredUsage(kind: string, create: () => ReadableStore) {
  describe(`${kind}: stored usage`, () => {
    test.each(['2025-08-01', '2025-08-31'])(
      'keeps usage for 13 months after its month, whatever its day: %s',
      async (day) => {
        const { store, read } = create();
        await store.addUsage(addition({ name: 1 }, { day }));
        await store.addUsage(addition({ name: 1 }, { day }));
        const { usage = [] } = await read();
        const removals = usage.map(
          (one) => (one['remove_at'] as number) - Date.UTC(2026, 9, 1) / 1000,
        );
        expect(removals).toEqual([expect.any(Number)]);
        expect(removals[0]).toBeGreaterThanOrEqual(0);
        expect(removals[0]).toBeLessThan(86_400);
      },
    );

    test('removes the usage of different owners at different times of a day', async () => {
      const { store, read } = create();
      for (let index = 0; index < 5; index++)
        await store.addUsage(addition({ name: 1 }, { userId: `owner ${index}` }));
      const { usage = [] } = await read();
      expect(new Set(usage.map((one) => one['remove_at'])).size).toBe(5);
    });

    test('stores the user id with all usage, so that it can be erased', async () => {
      const { store, read } = create();
      await store.addUsage(addition({ name: 1 }));
      const { usage = [] } = await read();
      expect(usage.length).toBeGreaterThan(0);
      expect(new Set(usage.map((one) => one['user_id']))).toEqual(new Set(['owner']));
    });

    test('stores nothing if no usage is added', async () => {
      const { store, read } = create();
      await store.readTotals('owner', '2025-08-31');
      const { usage = [] } = await read();
      expect(usage).toEqual([]);
    });
  });
}
