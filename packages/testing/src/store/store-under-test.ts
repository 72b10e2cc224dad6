import type { Administration } from '@andamio/keys/administration';
import type { KeyStore } from '@andamio/keys/store';
import { vi } from 'vitest';
import type { Operations } from './operations.ts';

/** A stored document or row: `id` and fields, with times in Unix seconds. */
export type Stored = Record<string, unknown>;

/** A store with a method for each decision. */
export type TestStore = KeyStore & Administration & Operations;

/** An empty store for one test, with access to its database. */
export interface StoreUnderTest {
  readonly store: TestStore;
  /**
   * Returns all stored data, by collection or table. Omitted if the data can be read only through
   * the store.
   */
  readonly read?: () => Promise<Record<string, Stored[]>>;
  /**
   * Opens another store on the same data, as another process would. Omitted if stores cannot share
   * data.
   */
  readonly another?: () => TestStore;
}

/** A store whose data a test can read. */
export type ReadableStore = Required<StoreUnderTest>;

/**
 * Waits until a store responds. A single `check` may time out before the store has connected on a
 * busy machine.
 */
export async function connected(store: KeyStore): Promise<void> {
  await vi.waitFor(() => store.check(), { timeout: 30_000 });
}

/**
 * Returns the test's store and a second store on the same data, or the first store twice if its
 * data cannot be shared. Waits until both respond, so that neither delays concurrent calls by
 * connecting first.
 */
export async function twoStores({
  store,
  another,
}: StoreUnderTest): Promise<readonly [TestStore, TestStore]> {
  const stores = [store, another?.() ?? store] as const;
  await Promise.all(stores.map(connected));
  return stores;
}
