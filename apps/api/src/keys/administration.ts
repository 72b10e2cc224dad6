import type { Tier } from '@andamio/schema/tiers';
import type { AuditEntry } from './audit.ts';
import type { AccountStatus, KeyRecord, OwnerCommand, RevokedKey } from './model.ts';
import type { UsageTotals } from './usage/store.ts';

/** A key as an operator sees it. */
export interface InspectedKey extends KeyRecord {
  /** Rolled away: valid until its expiry, but not what its name stands for. */
  readonly superseded: boolean;
}

/** An owner as an operator sees it. */
export interface InspectedOwner extends AccountStatus {
  /** When its first key was issued, Unix seconds; undefined before that. */
  readonly since: number | undefined;
  /** In no order; maybe some that are gone and only wait to be removed. */
  readonly keys: readonly InspectedKey[];
}

/** An owner as it stands in a list of all owners. */
export interface OwnerSummary extends AccountStatus {
  readonly userId: string;
  /** When the owner's first key was issued, Unix seconds; undefined before that. */
  readonly since: number | undefined;
}

/** How many owners there are, those without a key included. */
export interface OwnerCounts {
  readonly total: number;
  readonly suspended: number;
  readonly byTier: Readonly<Record<Tier, number>>;
}

/** How many keys there are under one pepper. */
export interface KeyCounts {
  readonly pepperVersion: string;
  readonly active: number;
  /** Rolled away and in their grace. */
  readonly superseded: number;
  /** Expired ones that can still be extended. */
  readonly expired: number;
}

/**
 * The part of a store that only operators use. Each change lands in the audit log in the same
 * commit.
 */
export interface Administration {
  /**
   * Revokes all keys of an owner, including expired keys and previous secrets. It may take several
   * commits, without a deadline for all of them together. If it fails halfway, call it again to
   * revoke the rest.
   *
   * @returns what was ended, by name.
   */
  revokeAll(command: OwnerCommand): Promise<readonly RevokedKey[]>;

  /**
   * Removes everything that is stored about a user, including audit entries. The first commit ends
   * all access, suspends the user until the rest is removed, and writes the only audit entry that
   * remains. If it fails halfway, call it again to continue. A running service may store usage that
   * it counted before; another call removes it.
   *
   * @returns whether there was anything.
   */
  erase(command: Omit<OwnerCommand, 'reason'>): Promise<boolean>;

  /** Finds what is known of an owner and its keys; undefined where nothing is. */
  inspect(userId: string): Promise<InspectedOwner | undefined>;

  /**
   * Lists all owners in pages. Each page is consistent in itself; owners that are added or removed
   * meanwhile may be missing or present. Reads every owner: each page ends within a minute or
   * throws {@link StoreUnavailableError}.
   */
  owners(): AsyncIterable<readonly OwnerSummary[]>;

  /**
   * Returns a user's audit entries, the newest first, including the one that is left of an erased
   * user.
   */
  readAudit(userId: string): Promise<readonly AuditEntry[]>;

  /**
   * Removes the usage counted in the current UTC month, so that day and month quotas are full
   * again. Requests that a running service has counted but not stored are added afterward.
   *
   * @returns the totals before the removal.
   */
  resetUsage(command: OwnerCommand): Promise<UsageTotals>;

  /** Counts owners. */
  countOwners(): Promise<OwnerCounts>;

  /**
   * Counts keys that are not removed at an instant in Unix seconds. Reads every key, without a
   * deadline for all reads together.
   */
  countKeys(now: number): Promise<readonly KeyCounts[]>;
}
