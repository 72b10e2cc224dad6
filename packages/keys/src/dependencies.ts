import type { KeyStore } from './store.ts';

/** The dependencies of every operation on keys. */
export interface KeyDependencies {
  readonly store: KeyStore;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}
