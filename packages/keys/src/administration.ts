import type { Tier } from '@andamio/schema/tiers';
import type { AuditEntry } from './audit.ts';
import type { AccountStatus, KeyRecord, OwnerCommand } from './model.ts';
import { afterReset, type UsageMonth } from './usage/month.ts';
import type { UsageTotals } from './usage/store.ts';

/** A key with the details that only operators see. */
export interface InspectedKey extends KeyRecord {
  /** Whether this is a previous secret, which stays valid until `expiresAt`. */
  readonly superseded: boolean;
}

/** An owner with the details that only operators see. */
export interface InspectedOwner extends AccountStatus {
  /**
   * When the owner's first key was issued, in Unix seconds. Undefined if the owner has never had a
   * key.
   */
  readonly since: number | undefined;
  /**
   * The owner's keys, unordered. They may include keys whose retention has passed but which the
   * database has not deleted yet.
   */
  readonly keys: readonly InspectedKey[];
}

/** An owner in the list of all owners. */
export interface OwnerSummary extends AccountStatus {
  readonly userId: string;
  /**
   * When the owner's first key was issued, in Unix seconds. Undefined if the owner has never had a
   * key.
   */
  readonly since: number | undefined;
}

/** The number of owners, in total and by state. Owners without keys are included. */
export interface OwnerCounts {
  readonly total: number;
  readonly suspended: number;
  readonly byTier: Readonly<Record<Tier, number>>;
}

/** The numbers of keys whose ids were created under one pepper. */
export interface KeyCounts {
  readonly pepperVersion: string;
  readonly active: number;
  /** Number of previous secrets that are still valid. */
  readonly superseded: number;
  /** Expired keys that can still be rotated. */
  readonly expired: number;
}

/**
 * The functions of a store that only operators use. Each change is committed together with its
 * audit entry.
 */
export interface Administration {
  /**
   * Erases a user: deletes everything that is stored about the user, including audit entries. The
   * first commit ends all access, suspends the user until the erasure is complete, and writes the
   * only audit entry that is kept. Each store finds the data in its own way, so that it also deletes
   * data that no decision reads.
   *
   * If the call fails partway, call it again to continue. Usage that was counted before the call,
   * in a running service or in Redis, is not stored afterward.
   *
   * @returns whether anything was stored about the user.
   */
  erase(command: Omit<OwnerCommand, 'reason'>): Promise<boolean>;

  /** Returns an owner and the owner's keys. Undefined if nothing is stored about the user. */
  inspect(userId: string): Promise<InspectedOwner | undefined>;

  /**
   * Lists all owners in pages. Each page is a consistent snapshot. An owner who is added or deleted
   * during the listing may or may not be included. A page that takes longer than a minute throws
   * {@link StoreUnavailableError}.
   */
  owners(): AsyncIterable<readonly OwnerSummary[]>;

  /**
   * Returns a user's audit entries, newest first. For an erased user, returns the entry of the
   * erasure.
   */
  readAudit(userId: string): Promise<readonly AuditEntry[]>;

  /**
   * Deletes an owner's usage of the current UTC month, so that the daily and monthly quotas start
   * from zero. Requests that a running service has counted but not stored yet are added afterward.
   *
   * @returns the totals before the reset.
   */
  resetUsage(command: OwnerCommand): Promise<UsageTotals>;

  /** Counts all owners, suspended owners, and owners by tier. */
  countOwners(): Promise<OwnerCounts>;

  /**
   * Counts the keys under each pepper, except removed keys. Reads every key, and the call as a
   * whole has no deadline.
   *
   * @param now Unix seconds.
   */
  countKeys(now: number): Promise<readonly KeyCounts[]>;
}

/** The outcome of a reset of usage: the totals before it. */
export interface UsageReset {
  readonly outcome: UsageTotals;
  /** The month after the reset, and the audit entry. Omitted if there were no requests. */
  readonly change?: { readonly month: UsageMonth; readonly entry: AuditEntry };
}

/**
 * Decides the deletion of an owner's usage of a month. A month without requests does not change.
 *
 * @param month the stored usage of the month.
 * @param before the totals of the current day and of the month.
 */
export function decideUsageReset(
  month: UsageMonth,
  before: UsageTotals,
  { userId, by: actor, reason, now: at }: OwnerCommand,
): UsageReset {
  if (before.month === 0) return { outcome: before };
  const entry = { at, actor, action: 'user.usage_reset', userId, reason } as const;
  return { outcome: before, change: { month: afterReset(month), entry } };
}
