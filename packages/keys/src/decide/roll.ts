import { ownEntry } from '../audit.ts';
import { isRemoved } from '../expiry.ts';
import type { Change, Decision, OwnerScope, RollCommand, RollOutcome, View } from '../model.ts';
import { applyTierClaim } from './claim-tier.ts';
import { decideReplay, savedAnswer } from './replay.ts';

/** Returns the scope of a roll: the data that {@link decideRoll} reads. */
export function rollScope({ userId, name, now, request }: RollCommand): OwnerScope {
  return { userId, name, now, request, readsKey: true };
}

/**
 * Decides whether a key is rolled (contract, "Rolling"). The key keeps its name and expiry. The
 * current secret becomes the previous secret until the grace period ends. An earlier previous
 * secret expires at once.
 */
export function decideRoll(view: View, command: RollCommand): Decision<RollOutcome> {
  const { userId, name, now, secret, graceSeconds, request } = command;
  const { owner, claimed } = applyTierClaim(view.owner, command);
  const refuse = (outcome: RollOutcome) => ({ outcome, changes: claimed });
  if (owner.suspended) return refuse('suspended');
  const replay = decideReplay(view, request, now);
  if (replay !== undefined) return refuse(replay);
  const { key } = view;
  if (key === undefined || isRemoved(key, now)) return refuse('no_such_key');
  if (key.expiresAt <= now) return refuse('key_expired');

  const record = { ...key, ...secret, createdAt: now };
  const previousExpiresAt = Math.min(key.expiresAt, now + graceSeconds);
  const changes: Change[] = [...claimed];
  const { previousId } = view;
  if (previousId !== undefined)
    changes.push({ type: 'remove', secret: 'previous', name, id: previousId });
  changes.push({ type: 'replace_secret', replacedId: key.id, record });
  if (previousExpiresAt > now) {
    const superseded = { ...key, expiresAt: previousExpiresAt, deleteAfter: previousExpiresAt };
    changes.push({ type: 'supersede', record: superseded });
  }
  const entry = ownEntry('key.rolled', { at: now, userId, name, keyId: record.id });
  changes.push(...savedAnswer(request, now, { ...record, previousExpiresAt }), {
    type: 'append_audit_entry',
    entry,
  });
  return { outcome: { record, previousExpiresAt }, changes };
}
