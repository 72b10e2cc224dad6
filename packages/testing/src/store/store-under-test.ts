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
 * Waits until a store responds. On a busy machine, a single `check` may time out before the store
 * has connected.
 */
export async function connected(store: KeyStore): Promise<void> {
  await vi.waitFor(() => store.check(), { timeout: 30_000 });
}

/**
 * Returns the store under test and a second store on the same data. If the data cannot be shared,
 * returns the same store twice. Waits until both respond, because a store that first has to connect
 * would delay concurrent calls.
 */
export async function twoStores({
  store,
  another,
}: StoreUnderTest): Promise<readonly [TestStore, TestStore]> {
  const stores = [store, another?.() ?? store] as const;
  await Promise.all(stores.map(connected));
  return stores;
}
