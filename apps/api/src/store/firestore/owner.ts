import { unknownOwner } from '@andamio/keys/claim-tier';
import type { OwnerRecord } from '@andamio/keys/model';
import { listedExpiredKeys } from '@andamio/keys/store';
import type { OwnerDocument } from './documents.ts';

/**
 * Maximum number of marks of recent changes in an owner's document. A change whose response was
 * lost is not recognized if this many other changes follow before its retry. That is unlikely,
 * because each process makes only one change of an owner at a time.
 */
const rememberedAttempts = 20;

/**
 * A change to an owner's document: the new owner record, and the changes to the document's lists of
 * keys.
 */
export interface OwnerChange {
  readonly userId: string;
  /** Unix seconds. */
  readonly now: number;
  /** The owner after the change. Omitted if the owner's record does not change. */
  readonly owner?: OwnerRecord | undefined;
  /** The keys to add to the unexpired keys, by key id, with their expiry in Unix seconds. */
  readonly put?: Readonly<Record<string, number>>;
  /** The secrets to add to the previous secrets, by key id, with their expiry in Unix seconds. */
  readonly supersede?: Readonly<Record<string, number>>;
  /** The key ids to remove from all lists. */
  readonly drop?: readonly string[];
  /** The mark by which a later read recognizes that the change was committed. */
  readonly mark?: string;
}

type KeyLists = Pick<OwnerDocument, 'active' | 'expired' | 'superseded' | 'attempts'>;

const noKeys: KeyLists = { active: {}, expired: {}, superseded: {}, attempts: [] };

/** Returns the part of an owner's document that decisions use. */
export function ownerRecordOf(owner: OwnerDocument): OwnerRecord {
  return {
    createdAt: owner.created_at ?? undefined,
    tierClaim: { tier: owner.tier, issuedAt: owner.tier_issued_at },
    suspended: owner.suspended,
    erasing: owner.erasing,
  };
}

/** Returns the unexpired keys, each as its key id and its expiry in Unix seconds. */
export function unexpired(
  keys: Readonly<Record<string, number>> = {},
  now: number,
): [string, number][] {
  return Object.entries(keys).filter(([, expiresAt]) => expiresAt > now);
}

const latest = (keys: readonly [string, number][]) =>
  keys.toSorted(([, one], [, other]) => other - one).slice(0, listedExpiredKeys);

/**
 * Returns an owner's most recently expired keys, latest first, each as its key id and its expiry in
 * Unix seconds.
 */
export function lastExpired(
  { active, expired }: Pick<OwnerDocument, 'active' | 'expired'>,
  now: number,
): [string, number][] {
  return latest(
    Object.entries({ ...active, ...expired }).filter(([, expiresAt]) => expiresAt <= now),
  );
}

/**
 * Returns an owner's document after a change. Keys that have expired no longer count as active, not
 * even for a later change whose time is before their expiry.
 */
export function ownerAfter(before: OwnerDocument | undefined, change: OwnerChange): OwnerDocument {
  const { userId, now, put, supersede, drop = [], mark } = change;
  const owner = change.owner ?? (before && ownerRecordOf(before)) ?? unknownOwner;
  const keys: KeyLists = before ?? noKeys;
  // A key is in at most one list.
  const gone = new Set([...drop, ...Object.keys({ ...put, ...supersede })]);
  const isKept = ([id]: [string, number]) => !gone.has(id);
  const kept = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(unexpired(ids, now).filter(isKept));
  const expired = [
    ...Object.entries(keys.expired),
    ...Object.entries(keys.active).filter(([, expiresAt]) => expiresAt <= now),
  ];
  const attempts = mark === undefined ? keys.attempts : [mark, ...keys.attempts];
  return {
    user_id: userId,
    created_at: owner.createdAt ?? null,
    tier: owner.tierClaim.tier,
    tier_issued_at: owner.tierClaim.issuedAt,
    suspended: owner.suspended,
    erasing: owner.erasing,
    active: { ...kept(keys.active), ...put },
    expired: Object.fromEntries(latest(expired.filter(isKept))),
    superseded: { ...kept(keys.superseded), ...supersede },
    attempts: attempts.slice(0, rememberedAttempts),
  };
}
