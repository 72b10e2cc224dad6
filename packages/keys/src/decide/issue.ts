import { ownEntry } from '../audit.ts';
import { isRemoved, isTooLate } from '../expiry.ts';
import type {
  Change,
  Decision,
  IssueCommand,
  IssueOutcome,
  OwnerRecord,
  OwnerScope,
  View,
} from '../model.ts';
import { applyTierClaim } from './claim-tier.ts';
import { decideReplay, savedAnswer } from './replay.ts';

/** Returns the scope of issuing a key: the data that {@link decideIssue} reads. */
export function issueScope({ record, request }: IssueCommand): OwnerScope {
  const { userId, name, createdAt: now } = record;
  return { userId, name, now, request, expectsNothing: true };
}

function refusalOf(view: View, command: IssueCommand, owner: OwnerRecord) {
  const { record, maximumKeysOf, maximumDays, request } = command;
  const { createdAt: now } = record;
  if (owner.suspended) return 'suspended';
  const replay = decideReplay(view, request, now);
  if (replay !== undefined) return replay;
  if (isTooLate(record, maximumDays)) return 'expiry_too_late';
  if (view.named !== undefined && !isRemoved(view.named, now)) return 'name_taken';
  const maximum = maximumKeysOf(owner.tierClaim.tier);
  return view.countUnexpired(maximum) < maximum ? undefined : 'key_limit_reached';
}

/**
 * Decides whether a key is issued. The name must be free, and the owner must hold fewer keys than
 * the tier's maximum.
 */
export function decideIssue(view: View, command: IssueCommand): Decision<IssueOutcome> {
  const { record, tierClaim, request } = command;
  const { id: keyId, userId, name, createdAt: now } = record;
  const { owner, claimed } = applyTierClaim(view.owner, { userId, tierClaim, now });
  const refusal = refusalOf(view, command, owner);
  if (refusal !== undefined) return { outcome: refusal, changes: claimed };

  const entry = ownEntry('key.issued', { at: now, userId, name, keyId });
  const changes: Change[] = [...claimed, { type: 'put_key', record }];
  if (owner.createdAt === undefined)
    changes.push({ type: 'put_owner', owner: { ...owner, createdAt: now } });
  changes.push(...savedAnswer(request, now, record), { type: 'append_audit_entry', entry });
  return { outcome: 'issued', changes };
}
