import { type KeyStore, StoreUnavailableError } from '@andamio/keys/store';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';

/** Returns a store that does not respond to the second of all revocations by key. */
export function storeWithOneRevocation(): KeyStore {
  const store = createSqliteStore(':memory:', Date.now);
  let revocations = 0;
  return {
    ...store,
    async transact(scope, decide) {
      if ('ids' in scope && ++revocations === 2) throw new StoreUnavailableError('It is down.');
      return store.transact(scope, decide);
    },
  };
}
