import { unknownOwner } from '../../keys/decide/claim-tier.ts';
import type { OwnerRecord } from '../../keys/model.ts';
import { listedExpiredKeys } from '../../keys/store.ts';
import type { OwnerDocument } from './documents.ts';

/**
 * How many changes an owner's document remembers. A process has one of an owner under way at a
 * time: so many others would have to come between a commit and its repetition for it not to be
 * recognized.
 */
const rememberedAttempts = 20;

/** A change of an owner's document. */
export interface OwnerChange {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
  /** The owner from now on; as before if omitted. */
  readonly owner?: OwnerRecord | undefined;
  /** Keys that are listed from now on, by id, with their expiry in Unix seconds. */
  readonly put?: Readonly<Record<string, number>>;
  /** Previous secrets that are listed from now on, in the same way. */
  readonly supersede?: Readonly<Record<string, number>>;
  /** Ids that are no longer listed, unless the change lists them anew. */
  readonly drop?: readonly string[];
  /** The mark by which the change is recognized once it is made. */
  readonly mark?: string;
}

type KeyLists = Pick<OwnerDocument, 'active' | 'expired' | 'superseded' | 'attempts'>;

const noKeys: KeyLists = { active: {}, expired: {}, superseded: {}, attempts: [] };

/** Returns the part of an owner's document that decisions see. */
export function ownerRecordOf(owner: OwnerDocument): OwnerRecord {
  return {
    createdAt: owner.created_at ?? undefined,
    tierClaim: { tier: owner.tier, issuedAt: owner.tier_issued_at },
    suspended: owner.suspended,
    erasing: owner.erasing,
  };
}

/** Returns the keys that have not expired, by id, with their expiry in Unix seconds. */
export function unexpired(keys: Readonly<Record<string, number>> = {}, now: number): [string, number][] {
  return Object.entries(keys).filter(([, expiresAt]) => expiresAt > now);
}

/**
 * Returns the keys of an owner that expired last, the last one first, with their expiry in Unix
 * seconds.
 */
export function lastExpired(
  { active, expired }: Pick<OwnerDocument, 'active' | 'expired'>,
  now: number,
): [string, number][] {
  return Object.entries({ ...active, ...expired })
    .filter(([, expiresAt]) => expiresAt <= now)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, listedExpiredKeys);
}

/** Returns an owner's document after a change: expired keys no longer count as active. */
export function ownerAfter(before: OwnerDocument | undefined, change: OwnerChange): OwnerDocument {
  const { userId, now, put, supersede, drop = [], mark } = change;
  const owner = change.owner ?? (before && ownerRecordOf(before)) ?? unknownOwner;
  const keys: KeyLists = before ?? noKeys;
  const kept = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(unexpired(ids, now).filter(([id]) => !drop.includes(id)));
  const attempts = mark === undefined ? keys.attempts : [mark, ...keys.attempts];
  return {
    user_id: userId,
    created_at: owner.createdAt ?? null,
    tier: owner.tierClaim.tier,
    tier_issued_at: owner.tierClaim.issuedAt,
    suspended: owner.suspended,
    erasing: owner.erasing,
    active: { ...kept(keys.active), ...put },
    expired: Object.fromEntries(lastExpired(keys, now).filter(([id]) => !drop.includes(id) && put?.[id] === undefined)),
    superseded: { ...kept(keys.superseded), ...supersede },
    attempts: attempts.slice(0, rememberedAttempts),
  };
}
