import type { Change, Decision, OwnerCommand, ResumeOutcome, Suspension, View } from '../model.ts';
import { unknownOwner } from './claim-tier.ts';

function setSuspended(view: View, command: OwnerCommand, suspended: boolean): readonly Change[] {
  const { userId, by: actor, reason, now: at } = command;
  const action = suspended ? 'user.suspended' : 'user.resumed';
  return [
    { type: 'put_owner', owner: { ...(view.owner ?? unknownOwner), suspended } },
    { type: 'append_audit_entry', entry: { at, actor, action, userId, reason } },
  ];
}

/**
 * Decides whether all keys of an owner are refused from now on. An unknown owner is suspended too.
 */
export function decideSuspension(view: View, command: OwnerCommand): Decision<Suspension> {
  const ids = view.unexpiredIds();
  if (view.owner?.suspended) return { outcome: { changed: false, ids }, changes: [] };
  return { outcome: { changed: true, ids }, changes: setSuspended(view, command, true) };
}

/** Decides whether a suspension ends. That of a user who is being erased does not. */
export function decideResumption(view: View, command: OwnerCommand): Decision<ResumeOutcome> {
  if (view.owner?.erasing) return { outcome: 'being_erased', changes: [] };
  if (!view.owner?.suspended) return { outcome: 'not_suspended', changes: [] };
  return { outcome: 'resumed', changes: setSuspended(view, command, false) };
}
