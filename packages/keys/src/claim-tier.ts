import { defaultTier } from '@andamio/schema/tiers';
import { type Actor, tierEntry } from './audit.ts';
import type { Change, Decision, OwnerRecord, TierClaim, View } from './model.ts';
import { isNews } from './owner.ts';
import type { KeyStore } from './store.ts';

/** A command to store the tier claim of a token or an operator. */
export interface ClaimTierCommand {
  readonly userId: string;
  readonly tierClaim: TierClaim;
  /** Unix seconds. */
  readonly now: number;
  /** The operator who sets the tier. Omitted if the tier comes from the owner's token. */
  readonly by?: Actor | undefined;
  /** The reason for the change, for the audit log. */
  readonly reason?: string | undefined;
}

/** The state of an owner who is not stored. Its tier claim is older than the claim of any token. */
export const unknownOwner: OwnerRecord = {
  createdAt: undefined,
  tierClaim: { tier: defaultTier, issuedAt: -1 },
  suspended: false,
  erasing: false,
};

/** An owner after a tier claim was applied. */
export interface ClaimedOwner {
  readonly owner: OwnerRecord;
  /**
   * The changes that store the claim, even if the command is refused. Empty if the owner is unknown
   * or the stored claim is newer.
   */
  readonly claimed: readonly Change[];
}

const unchanged: readonly Change[] = [];

/**
 * Applies a tier claim to an owner. A change of tier adds an audit entry. A newer claim of the same
 * tier adds none.
 *
 * @param known the stored owner. Undefined if the owner is not stored. In that case, the claim is
 *   not stored either.
 */
export function applyTierClaim(
  known: OwnerRecord | undefined,
  command: ClaimTierCommand,
): ClaimedOwner {
  const { userId, tierClaim, now: at, by, reason } = command;
  if (known === undefined) return { owner: { ...unknownOwner, tierClaim }, claimed: unchanged };
  if (!isNews(tierClaim, known.tierClaim)) return { owner: known, claimed: unchanged };
  const owner = { ...known, tierClaim };
  const put: Change = { type: 'put_owner', owner };
  const [before, after] = [known.tierClaim.tier, tierClaim.tier];
  if (before === after) return { owner, claimed: [put] };
  const entry = tierEntry({ at, userId, reason }, before, after, by);
  return { owner, claimed: [put, { type: 'append_audit_entry', entry }] };
}

/** Decides whether a tier claim is stored. */
function decideTierClaim(view: View, command: ClaimTierCommand): Decision<void> {
  return { outcome: undefined, changes: applyTierClaim(view.owner, command).claimed };
}

/**
 * Stores a known owner's tier claim, from a token or an operator, unless a newer claim is stored.
 * Used by callers that change nothing else.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function claimTier(
  store: Pick<KeyStore, 'transact'>,
  command: ClaimTierCommand,
): Promise<void> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideTierClaim(view, command));
}
