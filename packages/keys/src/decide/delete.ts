import { ownEntry } from '../audit.ts';
import { isRemoved } from '../expiry.ts';
import type { Change, Decision, DeleteCommand, DeleteOutcome, OwnerScope, View } from '../model.ts';
import { applyTierClaim } from './claim-tier.ts';

/** Returns the scope of a deletion: the data that {@link decideDeletion} reads. */
export function deletionScope({ userId, name, now }: DeleteCommand): OwnerScope {
  return { userId, name, now };
}

/**
 * Decides whether a key is deleted, together with its previous secret. A suspended owner may delete
 * keys.
 */
export function decideDeletion(view: View, command: DeleteCommand): Decision<DeleteOutcome> {
  const { userId, name, now } = command;
  const { claimed } = applyTierClaim(view.owner, command);
  const { named } = view;
  if (named === undefined || isRemoved(named, now))
    return { outcome: 'no_such_key', changes: claimed };

  const { previousId } = view;
  const changes: Change[] = [...claimed, { type: 'remove', secret: 'current', name, id: named.id }];
  if (previousId !== undefined)
    changes.push({ type: 'remove', secret: 'previous', name, id: previousId });
  const entry = ownEntry('key.deleted', { at: now, userId, name, keyId: named.id });
  changes.push({ type: 'append_audit_entry', entry });
  return { outcome: 'deleted', changes };
}
