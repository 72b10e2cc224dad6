import type { KeyVerifier } from '@andamio/verification/verify-key';
import type { FoundKey } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Returns a store whose transactions invalidate this process's cached verifications before they are
 * answered; also a transaction that failed, since it may have been written nevertheless.
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
