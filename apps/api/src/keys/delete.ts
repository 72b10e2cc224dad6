import type { KeyDependencies } from './dependencies.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { DeleteOutcome, KeyStore } from './store.ts';

/**
 * Ends an owner's key for good, expired or not (contract, parts B and C).
 *
 * @throws what {@link KeyStore.delete} throws.
 */
export function deleteKey({ store, now }: KeyDependencies, owner: Owner, name: string): Promise<DeleteOutcome> {
  return store.delete({
    userId: owner.userId,
    name,
    tierClaim: tierClaimOf(owner),
    now: Math.floor(now() / 1000),
  });
}
