import type { TierClaim } from '../../keys/store.ts';
import type { OwnerDocument } from './documents.ts';

/**
 * How many changes an owner's document remembers. A process has one of an owner under way at a time: so many others would
 * have to come between a commit and its repetition for it not to be known again.
 */
const rememberedAttempts = 20;

/** What a write changes of the keys that an owner's document lists. */
export interface OwnerChange {
  readonly userId: string;
  readonly tierClaim: TierClaim;
  /** Unix seconds. */
  readonly now: number;
  /** Keys that are listed from now on, by their id, with their expiry in Unix seconds. */
  readonly put?: Readonly<Record<string, number>>;
  /** The same of secrets that were rolled away. */
  readonly supersede?: Readonly<Record<string, number>>;
  /** Keys that are listed no more. */
  readonly drop?: readonly string[];
  /** What the change is known again by. */
  readonly attempt?: string;
}

/** Of keys by their id those that have not expired, with their expiry in Unix seconds. */
function unexpired(keys: Readonly<Record<string, number>> = {}, now: number): [string, number][] {
  return Object.entries(keys).filter(([, expiresAt]) => expiresAt > now);
}

/** How many unexpired keys an owner holds. */
export function countHeld(owner: OwnerDocument | undefined, now: number): number {
  return unexpired(owner?.active, now).length;
}

/** What the owner's document says after a write: the change made, the expired keys out, the newest token's tier. */
export function ownerAfter(owner: OwnerDocument | undefined, change: OwnerChange): OwnerDocument {
  const { userId, tierClaim, now, put = {}, supersede = {}, drop = [], attempt } = change;
  const kept = (keys?: Readonly<Record<string, number>>) =>
    Object.fromEntries(unexpired(keys, now).filter(([id]) => !drop.includes(id)));
  const attempts = attempt === undefined ? [] : [attempt];
  const newer = owner === undefined || tierClaim.issuedAt > owner.tier_issued_at;
  return {
    user_id: userId,
    created_at: owner?.created_at ?? now,
    tier: newer ? tierClaim.tier : owner.tier,
    tier_issued_at: newer ? tierClaim.issuedAt : owner.tier_issued_at,
    active: { ...kept(owner?.active), ...put },
    superseded: { ...kept(owner?.superseded), ...supersede },
    attempts: [...attempts, ...(owner?.attempts ?? [])].slice(0, rememberedAttempts),
  };
}
