import { defaultTier } from '@andamio/schema/tiers';
import { tierEntry } from '../audit.ts';
import type { Change, ClaimTierCommand, Decision, OwnerRecord, View } from '../model.ts';
import { isNews } from '../owner.ts';

/** An owner that is not stored. Every token is newer than its tier claim. */
export const unknownOwner: OwnerRecord = {
  createdAt: undefined,
  tierClaim: { tier: defaultTier, issuedAt: -1 },
  suspended: false,
  erasing: false,
};

/** An owner whose tier claim was compared with a token's. */
export interface ClaimedOwner {
  readonly owner: OwnerRecord;
  /** The changes that store a newer claim of a known owner, whatever else the command does. */
  readonly claimed: readonly Change[];
}

const unchanged: readonly Change[] = [];

/**
 * Applies a tier claim to an owner. A new tier has an audit entry; a newer claim of the same tier
 * has none.
 *
 * @param known as stored; nothing is stored of an owner that is unknown.
 */
export function applyTierClaim(known: OwnerRecord | undefined, command: ClaimTierCommand): ClaimedOwner {
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

/** Decides whether an owner's tier changes. */
export function decideTierClaim(view: View, command: ClaimTierCommand): Decision<void> {
  return { outcome: undefined, changes: applyTierClaim(view.owner, command).claimed };
}
