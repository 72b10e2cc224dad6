import { deleteAfterOf, isRemoved } from '../expiry.ts';
import type { Change, Decision, RevokeCommand, RevokeOutcome, View } from '../model.ts';
import { locatedSecret } from './located-secret.ts';

/**
 * Decides the revocation of one secret. The key's other secret stays valid.
 *
 * If the current secret is revoked while the previous one is still valid, the previous secret
 * becomes the current one and keeps the expiry that the roll set. Every accepted secret therefore
 * stays listed and can be deleted.
 */
export function decideRevocation(view: View, command: RevokeCommand): Decision<RevokeOutcome> {
  const { by: actor, reason, now } = command;
  const { key, previous } = view;
  const ended = locatedSecret(view, now);
  if (ended === undefined) return { outcome: 'no_such_key', changes: [] };

  const { id, userId, name } = ended;
  const changes: Change[] = [];
  if (ended === key) changes.push({ type: 'remove', secret: 'current', name, id });
  if (previous !== undefined)
    changes.push({ type: 'remove', secret: 'previous', name, id: previous.id });
  if (ended === key && previous !== undefined && !isRemoved(previous, now)) {
    const record = { ...previous, deleteAfter: deleteAfterOf(previous.expiresAt) };
    changes.push({ type: 'put_key', record });
  }
  const entry = { at: now, actor, action: 'key.revoked', userId, name, keyId: id, reason } as const;
  changes.push({ type: 'append_audit_entry', entry });
  return { outcome: { id, userId, name }, changes };
}
