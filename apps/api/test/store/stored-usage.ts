import { addition } from '@andamio/testing/store/commands';
import type { ReadableStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, test } from 'vitest';

/** Defines the tests of stored usage that both stores must pass. */
export function describeStoredUsage(kind: string, create: () => ReadableStore) {
  describe(`${kind}: what is stored of usage`, () => {
    test.each(['2025-08-01', '2025-08-31'])(
      'is kept for 13 months after its own month, also of its first and last day: %s',
      async (day) => {
        const { store, read } = create();
        await store.addUsage(addition({ name: 1 }, { day }));
        await store.addUsage(addition({ name: 1 }, { day }));
        const { usage = [] } = await read();
        expect(new Set(usage.map((one) => one['remove_at']))).toEqual(
          new Set([Date.UTC(2026, 9, 1) / 1000]),
        );
      },
    );

    test('names the owner everywhere, so that it can be removed with it', async () => {
      const { store, read } = create();
      await store.addUsage(addition({ name: 1 }));
      const { usage = [] } = await read();
      expect(usage.length).toBeGreaterThan(0);
      expect(new Set(usage.map((one) => one['user_id']))).toEqual(new Set(['owner']));
    });

    test('is nothing where nothing was counted', async () => {
      const { store, read } = create();
      await store.addUsage(addition({}));
      const { usage = [] } = await read();
      expect(usage).toEqual([]);
    });
  });
}
