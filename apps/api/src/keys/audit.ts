import { createHash } from 'node:crypto';
import { auditRetentionDays } from '@andamio/schema/firestore-layout';
import type { Tier } from '@andamio/schema/tiers';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

export const actorKinds = ['user', 'operator', 'github', 'service'] as const;

/** Who made a change. */
export interface Actor {
  readonly kind: (typeof actorKinds)[number];
  /** Which one, where there are several: the user id, the operator's name. */
  readonly id?: string;
}

/** What an entry of the audit log can say was done. */
export const auditActions = [
  'key.issued',
  'key.rotated',
  'key.rolled',
  'key.deleted',
  'key.revoked',
  'key.redigested',
  'user.tier_changed',
  'user.suspended',
  'user.resumed',
  'user.usage_reset',
  'user.erased',
] as const;

export type AuditAction = (typeof auditActions)[number];

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
  /**
   * Why, where somebody else than the owner made the change and said so; of a tier, from which to
   * which.
   */
  readonly reason?: string | undefined;
}

/** From when on an entry may be removed, Unix seconds. */
export function auditRemovalOf({ at }: AuditEntry): number {
  return Math.min(at + auditRetentionDays * secondsPerDay, lastTimestamp);
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

/**
 * Creates the entry for a change of an owner's tier.
 *
 * @param by the operator who set it; a token of the owner's otherwise.
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
 * Returns what stands in place of the user id in the audit log once the user is erased: its SHA-256
 * in hex.
 */
export function erasedUserId(userId: string): string {
  return createHash('sha256').update(userId).digest('hex');
}

/**
 * Creates the entry that is left of an erased user. It names nobody, but can be found by the user
 * id.
 */
export function erasureEntry({ at, actor, userId }: Pick<AuditEntry, 'at' | 'actor' | 'userId'>): AuditEntry {
  return { at, actor, action: 'user.erased', userId: erasedUserId(userId) };
}
