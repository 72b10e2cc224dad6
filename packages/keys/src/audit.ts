import { createHash } from 'node:crypto';
import { auditRetentionDays } from '@andamio/schema/retention';
import type { Tier } from '@andamio/schema/tiers';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

export const actorKinds = ['user', 'operator', 'github', 'report', 'service'] as const;

/** The person or program that made a change. */
export interface Actor {
  readonly kind: (typeof actorKinds)[number];
  /**
   * The user id or the operator's name. Absent for GitHub, for an anonymous report of found keys,
   * and for the service itself.
   */
  readonly id?: string;
}

/** The kinds of data that an action of the audit log can change. */
export const auditSubjects = ['key', 'device_login', 'user'] as const;

/**
 * An action that the audit log records, such as `key.issued`. The list is open: each operation
 * defines its own actions, and a release can read the entries of actions that a later release
 * added.
 */
export type AuditAction = `${(typeof auditSubjects)[number]}.${string}`;

/**
 * An entry of the audit log. It is written in the same transaction as the change that it records.
 */
export interface AuditEntry {
  /** Unix seconds. */
  readonly at: number;
  readonly actor: Actor;
  readonly action: AuditAction;
  /** The user whose data was changed. For an erasure, the hash of the user id. */
  readonly userId: string;
  /** The key's name, if the change concerns one key or one device login. */
  readonly name?: string;
  /** The key id after the change. If the key was deleted or revoked, its last key id. */
  readonly keyId?: string;
  /**
   * The reason for the change, from an operator or the service. For a change of tier, it begins
   * with the old and the new tier.
   */
  readonly reason?: string | undefined;
}

/** Returns when the retention of an audit entry ends, in Unix seconds. */
export function auditDeleteAfter({ at }: AuditEntry): number {
  return Math.min(at + auditRetentionDays * secondsPerDay, lastTimestamp);
}

/** Creates the audit entry for a change that owners make to their own keys. */
export function ownEntry(
  action: AuditAction,
  change: Omit<AuditEntry, 'action' | 'actor'>,
): AuditEntry {
  return { ...change, actor: { kind: 'user', id: change.userId }, action };
}

/**
 * Creates the audit entry for a change of an owner's tier.
 *
 * @param by the operator who set the tier. Omitted if the tier comes from the owner's token.
 */
export function tierEntry(
  change: Pick<AuditEntry, 'at' | 'userId' | 'reason'>,
  before: Tier,
  after: Tier,
  by?: Actor,
): AuditEntry {
  const own = ownEntry('user.tier_changed', change);
  const why = change.reason === undefined ? '' : `: ${change.reason}`;
  return { ...own, ...(by && { actor: by }), reason: `from ${before} to ${after}${why}` };
}

/**
 * Returns the SHA-256 of a user id in hex. It replaces the user id in the audit log when the user
 * is erased.
 */
export function erasedUserId(userId: string): string {
  return createHash('sha256').update(userId).digest('hex');
}

/**
 * Creates the only audit entry that is kept about an erased user. It contains a hash of the user
 * id. The entry can therefore be found by the user id, but does not reveal it.
 */
export function erasureEntry({
  at,
  actor,
  userId,
}: Pick<AuditEntry, 'at' | 'actor' | 'userId'>): AuditEntry {
  return { at, actor, action: 'user.erased', userId: erasedUserId(userId) };
}
