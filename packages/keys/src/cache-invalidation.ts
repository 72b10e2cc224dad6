import type { KeyVerifier } from '@andamio/verification/verify-key';
import type { FoundKey } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Returns a store that invalidates this process's cached verifications of the keys that a
 * transaction may change. It does so after each transaction, before the transaction's outcome is
 * returned. A failed transaction also invalidates them, because its changes may have been written.
 */
export function withCacheInvalidation(
  store: KeyStore,
  { invalidate, invalidateOwner }: Pick<KeyVerifier<FoundKey>, 'invalidate' | 'invalidateOwner'>,
): KeyStore {
  return {
    ...store,
    async transact(scope, decide) {
      try {
        return await store.transact(scope, decide);
      } finally {
        if ('ids' in scope) invalidate(scope.ids);
        else invalidateOwner(scope.userId);
      }
    },
  };
}
