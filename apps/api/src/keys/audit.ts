import { createHash } from 'node:crypto';
import { daysAuditKept } from '@andamio/schema/firestore-layout';
import type { Tier } from '@andamio/schema/tiers';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

/** Who made a change. */
export interface Actor {
  readonly kind: 'user' | 'operator' | 'github' | 'service';
  /** Which one, where there are several: the user id, the operator's name. */
  readonly id?: string;
}

/** What was done, as the log has it. */
export type AuditAction =
  | 'key.issued'
  | 'key.rotated'
  | 'key.rolled'
  | 'key.deleted'
  | 'key.revoked'
  | 'key.redigested'
  | 'user.tier_changed'
  | 'user.suspended'
  | 'user.resumed'
  | 'user.erased';

/** One change in the audit log: it lands in the same transaction as the change, or neither does. */
export interface AuditEntry {
  /** Unix seconds. */
  readonly at: number;
  readonly actor: Actor;
  readonly action: AuditAction;
  /** Whose keys were changed. */
  readonly userId: string;
  /** The key's name, where it was one key. */
  readonly name?: string;
  /** The id that the key has since, or had until then. */
  readonly keyId?: string;
  /** Why, where somebody else than the owner made the change and said so; of a tier, from which to which. */
  readonly reason?: string | undefined;
}

/** From when on an entry may be removed, Unix seconds. */
export function auditRemovalOf({ at }: AuditEntry): number {
  return Math.min(at + daysAuditKept * secondsPerDay, lastTimestamp);
}

/** The entry for what owners do with their own keys. */
export function ownEntry(action: AuditAction, change: Omit<AuditEntry, 'action' | 'actor'>): AuditEntry {
  const { at, userId, name, keyId } = change;
  return {
    at,
    actor: { kind: 'user', id: userId },
    action,
    userId,
    ...(name !== undefined && { name }),
    ...(keyId !== undefined && { keyId }),
  };
}

/** The entry for a token that changed its owner's tier. */
export function tierEntry(change: Pick<AuditEntry, 'at' | 'userId'>, before: Tier, after: Tier): AuditEntry {
  return { ...ownEntry('user.tier_changed', change), reason: `from ${before} to ${after}` };
}

/** The entry that is left of a user who was erased: it names nobody, and is found again by whoever knows the user id. */
export function erasureEntry({ at, actor, userId }: Pick<AuditEntry, 'at' | 'actor' | 'userId'>): AuditEntry {
  return { at, actor, action: 'user.erased', userId: createHash('sha256').update(userId).digest('hex') };
}
