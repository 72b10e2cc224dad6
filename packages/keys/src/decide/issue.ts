import { ownEntry } from '../audit.ts';
import { isRemoved, isTooLate } from '../expiry.ts';
import type {
  Change,
  Decision,
  IssueCommand,
  IssueOutcome,
  IssueRefusal,
  KeyRecord,
  OwnerRecord,
  OwnerScope,
  View,
} from '../model.ts';
import { applyTierClaim } from './claim-tier.ts';
import { decideReplay, savedAnswer } from './replay.ts';

/** The fields of an {@link IssueCommand} that determine whether it is refused. */
export type IssueCheck = Pick<IssueCommand, 'tierClaim' | 'maximumKeysOf' | 'maximumDays'> & {
  readonly record: Pick<KeyRecord, 'userId' | 'name' | 'createdAt' | 'expiresAt' | 'expiresInDays'>;
  readonly request?: IssueCommand['request'];
};

/** Returns the scope of issuing a key: the data that {@link decideIssue} reads. */
export function issueScope({ record, request }: IssueCheck): OwnerScope {
  const { userId, name, createdAt: now } = record;
  return { userId, name, now, request, expectsNothing: true };
}

/**
 * Returns the reason for refusing a new key to an owner who is not suspended. Undefined if the key
 * may be issued.
 */
function ruleRefusal(
  view: View,
  { record, maximumKeysOf, maximumDays }: IssueCheck,
  owner: OwnerRecord,
) {
  if (isTooLate(record, maximumDays)) return 'expiry_too_late';
  if (view.named !== undefined && !isRemoved(view.named, record.createdAt)) return 'name_taken';
  const maximum = maximumKeysOf(owner.tierClaim.tier);
  return view.countUnexpired(maximum) < maximum ? undefined : 'key_limit_reached';
}

/** Decides whether a key could be issued now. Stores the tier claim, but does not issue the key. */
export function decideIssuable(view: View, check: IssueCheck): Decision<'issuable' | IssueRefusal> {
  const { record, tierClaim } = check;
  const { userId, createdAt: now } = record;
  const { owner, claimed } = applyTierClaim(view.owner, { userId, tierClaim, now });
  const refusal = owner.suspended ? 'suspended' : ruleRefusal(view, check, owner);
  return { outcome: refusal ?? 'issuable', changes: claimed };
}

function refusalOf(view: View, command: IssueCommand, owner: OwnerRecord) {
  if (owner.suspended) return 'suspended';
  const replay = decideReplay(view, command.request, command.record.createdAt);
  return replay ?? ruleRefusal(view, command, owner);
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
