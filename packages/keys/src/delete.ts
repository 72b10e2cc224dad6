import { decideDeletion, deletionScope } from './decide/delete.ts';
import type { DeleteOutcome } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/**
 * Deletes an owner's key, expired or not (contract, parts B and C).
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function deleteKey(
  { store, now }: KeyDependencies,
  owner: Owner,
  name: string,
): Promise<DeleteOutcome> {
  const command = {
    userId: owner.userId,
    name,
    tierClaim: tierClaimOf(owner),
    now: Math.floor(now() / 1000),
  };
  return store.transact(deletionScope(command), (view) => decideDeletion(view, command));
}
