import { decideDeletion, deletionScope } from './decide/delete.ts';
import type { DeleteCommand, DeleteOutcome } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/**
 * Removes a key and its previous secret.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function removeKey(
  store: Pick<KeyStore, 'transact'>,
  command: DeleteCommand,
): Promise<DeleteOutcome> {
  return store.transact(deletionScope(command), (view) => decideDeletion(view, command));
}

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
  return removeKey(store, command);
}
