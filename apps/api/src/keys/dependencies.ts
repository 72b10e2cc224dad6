import type { KeyStore } from './store.ts';

/** What every operation on keys works with. */
export interface KeyDependencies {
  readonly store: KeyStore;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
}
