import { defaultTier, type Tier } from '@andamio/schema/tiers';
import type { Actor } from '../../keys/audit.ts';
import { effectiveTier, isNews } from '../../keys/owner.ts';
import { listedExpiredKeys, type TierClaim } from '../../keys/store.ts';
import type { OwnerDocument } from './documents.ts';

/**
 * How many changes an owner's document remembers. A process has one of an owner under way at a time: so many others would
 * have to come between a commit and its repetition for it not to be known again.
 */
const rememberedAttempts = 20;

/** What a write changes of the keys that an owner's document lists. */
export interface OwnerChange {
  readonly userId: string;
  /** Left out of what others than the owner do. */
  readonly tierClaim?: TierClaim;
  /** The operator who claims the tier; a token of the owner's if left out. */
  readonly by?: Actor | undefined;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
  /** Keys that are listed from now on, by their id, with their expiry in Unix seconds. */
  readonly put?: Readonly<Record<string, number>>;
  /** The same of secrets that were rolled away. */
  readonly supersede?: Readonly<Record<string, number>>;
  /** Keys that are listed no more. */
  readonly drop?: readonly string[];
  /** Whether the owner is suspended from now on; as before if left out. */
  readonly suspended?: boolean;
  /** Whether what is stored of it is being removed; as before if left out. */
  readonly erasing?: boolean;
  /** What the change is known again by. */
  readonly attempt?: string;
}

/** What is known of an owner that has no document. Any token is newer than what it says of the tier. */
const unknownOwner = {
  created_at: null,
  tier: defaultTier,
  tier_issued_at: -1,
  suspended: false,
  erasing: false,
  active: {},
  expired: {},
  superseded: {},
  attempts: [],
} as const satisfies Omit<OwnerDocument, 'user_id'>;

/** What a stored owner's newest token said. */
export function tierClaimIn({ tier, tier_issued_at }: Pick<OwnerDocument, 'tier' | 'tier_issued_at'>): TierClaim {
  return { tier, issuedAt: tier_issued_at };
}

/** Of keys by their id those that have not expired, with their expiry in Unix seconds. */
export function unexpired(keys: Readonly<Record<string, number>> = {}, now: number): [string, number][] {
  return Object.entries(keys).filter(([, expiresAt]) => expiresAt > now);
}

/** Returns the tier that counts for an owner once a token's claim is heard. */
export function effectiveTierOf(owner: OwnerDocument | undefined, claim: TierClaim): Tier {
  return effectiveTier(claim, owner && tierClaimIn(owner));
}

/** How many unexpired keys an owner holds. */
export function countHeld(owner: OwnerDocument | undefined, now: number): number {
  return unexpired(owner?.active, now).length;
}

/** Whether an owner has a place for a key: its own, which it has while it is listed and unexpired, or a free one. */
export function hasPlace(owner: OwnerDocument | undefined, id: string, now: number, maximumKeys: number): boolean {
  const held = unexpired(owner?.active, now);
  return held.some(([one]) => one === id) || held.length < maximumKeys;
}

/** Returns the keys of an owner that expired last, the last one first, with their expiry in Unix seconds. */
export function lastExpired(
  { active, expired }: Pick<OwnerDocument, 'active' | 'expired'>,
  now: number,
): [string, number][] {
  return Object.entries({ ...active, ...expired })
    .filter(([, expiresAt]) => expiresAt <= now)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, listedExpiredKeys);
}

/** What the owner's document says after a write: the change made, the expired keys out, the newest token's tier. */
export function ownerAfter(owner: Omit<OwnerDocument, 'user_id'> = unknownOwner, change: OwnerChange): OwnerDocument {
  const { userId, tierClaim, now, put, supersede, drop = [], attempt } = change;
  const kept = (keys: Readonly<Record<string, number>>) =>
    Object.fromEntries(unexpired(keys, now).filter(([id]) => !drop.includes(id)));
  const attempts = attempt === undefined ? [] : [attempt];
  const known = tierClaimIn(owner);
  const { tier, issuedAt } = tierClaim !== undefined && isNews(tierClaim, known) ? tierClaim : known;
  return {
    user_id: userId,
    created_at: owner.created_at ?? (put === undefined ? null : now),
    tier,
    tier_issued_at: issuedAt,
    suspended: change.suspended ?? owner.suspended,
    erasing: change.erasing ?? owner.erasing,
    active: { ...kept(owner.active), ...put },
    expired: Object.fromEntries(
      lastExpired(owner, now).filter(([id]) => !drop.includes(id) && put?.[id] === undefined),
    ),
    superseded: { ...kept(owner.superseded), ...supersede },
    attempts: [...attempts, ...owner.attempts].slice(0, rememberedAttempts),
  };
}
