import { ownEntry } from './audit.ts';
import { applyTierClaim } from './claim-tier.ts';
import { isRemoved } from './expiry.ts';
import type { Change, Decision, KeyCommand, OwnerScope, View } from './model.ts';
import { type Owner, tierClaimOf } from './owner.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/** The outcome of deleting a key. The key of another owner is treated as nonexistent. */
export type DeleteOutcome = 'deleted' | 'no_such_key';

/** Returns the scope of a deletion: the data that {@link decideDeletion} reads. */
export function deletionScope({ userId, name, now }: KeyCommand): OwnerScope {
  return { userId, names: [name], now };
}

/**
 * Decides whether a key is deleted, together with its previous secret. A suspended owner may delete
 * keys.
 */
export function decideDeletion(view: View, command: KeyCommand): Decision<DeleteOutcome> {
  const { userId, name, now } = command;
  const { claimed } = applyTierClaim(view.owner, command);
  const { named, previousId } = view.at(name);
  if (named === undefined || isRemoved(named, now))
    return { outcome: 'no_such_key', changes: claimed };

  const changes: Change[] = [...claimed, { type: 'remove_secret', secret: 'current', name }];
  if (previousId !== undefined) changes.push({ type: 'remove_secret', secret: 'previous', name });
  const entry = ownEntry('key.deleted', { at: now, userId, name, keyId: named.id });
  changes.push({ type: 'append_audit_entry', entry });
  return { outcome: 'deleted', changes };
}

/**
 * Deletes an owner's key, expired or not (contract, parts B and C).
 *
 * @throws the same errors as {@link KeyStore.transact}.
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
