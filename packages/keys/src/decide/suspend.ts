import type {
  Change,
  Decision,
  OwnerCommand,
  ResumeOutcome,
  SuspendOutcome,
  View,
} from '../model.ts';
import { unknownOwner } from './claim-tier.ts';

function setSuspended(view: View, command: OwnerCommand, suspended: boolean): readonly Change[] {
  const { userId, by: actor, reason, now: at } = command;
  const action = suspended ? 'user.suspended' : 'user.resumed';
  return [
    { type: 'put_owner', owner: { ...(view.owner ?? unknownOwner), suspended } },
    { type: 'append_audit_entry', entry: { at, actor, action, userId, reason } },
  ];
}

/** Decides whether an owner is suspended. An owner who is not stored can be suspended too. */
export function decideSuspension(view: View, command: OwnerCommand): Decision<SuspendOutcome> {
  if (view.owner?.suspended) return { outcome: 'already_suspended', changes: [] };
  return { outcome: 'suspended', changes: setSuspended(view, command, true) };
}

/** Decides whether an owner is resumed. An owner who is being erased stays suspended. */
export function decideResumption(view: View, command: OwnerCommand): Decision<ResumeOutcome> {
  if (view.owner?.erasing) return { outcome: 'being_erased', changes: [] };
  if (!view.owner?.suspended) return { outcome: 'not_suspended', changes: [] };
  return { outcome: 'resumed', changes: setSuspended(view, command, false) };
}
