import { ownEntry } from '../audit.ts';
import { deleteAfterOf, expiryOf, isExpiring, isRemoved, isTooLate } from '../expiry.ts';
import type {
  Decision,
  KeyRecord,
  OwnerScope,
  RotateCommand,
  RotateOutcome,
  RotateRefusal,
  Validity,
  View,
} from '../model.ts';
import { applyTierClaim } from './claim-tier.ts';
import { decideReplay, savedAnswer } from './replay.ts';

/** Returns the scope of a rotation: the data that {@link decideRotation} reads. */
export function rotationScope({ userId, name, now, request }: RotateCommand): OwnerScope {
  return { userId, name, now, request, readsKey: true };
}

/**
 * Returns the extended validity of a key, or the reason for refusing the rotation (contract, parts
 * B and C). Rotating an expired key makes it count toward the maximum again, so the owner must hold
 * fewer keys than the maximum.
 */
function extend(
  view: View,
  key: KeyRecord,
  { now, maximumDays, ...command }: RotateCommand,
  maximumKeys: number,
): Validity | RotateRefusal {
  if (!isExpiring(key.expiresAt, now)) return 'not_yet_rotatable';
  const expiresInDays = command.expiresInDays ?? key.expiresInDays;
  const expiresAt = expiryOf(Math.max(now, key.expiresAt), expiresInDays);
  if (isTooLate({ expiresAt, expiresInDays }, maximumDays)) return 'expiry_too_late';
  const hasPlace = view.isCounted(key) || view.countUnexpired(maximumKeys) < maximumKeys;
  if (!hasPlace) return 'key_limit_reached';
  return { expiresAt, expiresInDays, deleteAfter: deleteAfterOf(expiresAt) };
}

/** Decides whether a key is rotated, and determines its new expiry. */
export function decideRotation(view: View, command: RotateCommand): Decision<RotateOutcome> {
  const { userId, name, now, request, maximumKeysOf } = command;
  const { owner, claimed } = applyTierClaim(view.owner, command);
  const refuse = (outcome: RotateOutcome) => ({ outcome, changes: claimed });
  if (owner.suspended) return refuse('suspended');
  const replay = decideReplay(view, request, now);
  if (replay !== undefined) return refuse(replay);
  const { key } = view;
  if (key === undefined || isRemoved(key, now)) return refuse('no_such_key');
  const outcome = extend(view, key, command, maximumKeysOf(owner.tierClaim.tier));
  if (typeof outcome === 'string') return refuse(outcome);

  const record = { ...key, ...outcome };
  const entry = ownEntry('key.rotated', { at: now, userId, name, keyId: key.id });
  return {
    outcome,
    changes: [
      ...claimed,
      { type: 'extend', record },
      ...savedAnswer(request, now, record),
      { type: 'append_audit_entry', entry },
    ],
  };
}
