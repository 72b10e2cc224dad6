import { type Actor, type AuditAction, type AuditEntry, auditRemovalOf, erasedUserId } from '../../keys/audit.ts';
import type { Statements } from './statements.ts';

/** Adds an entry to the audit log, within the transaction of the change. */
export function audit(statements: Statements, entry: AuditEntry): void {
  const { at, actor, action, userId, name = null, keyId = null, reason = null } = entry;
  const removeAt = auditRemovalOf(entry);
  statements.insertAudit.run(at, actor.kind, actor.id ?? null, action, userId, name, keyId, removeAt, reason);
}

/** A row of the audit table. Its columns are STRICT: they hold the types that they declare. */
interface AuditRow {
  readonly at: number;
  readonly actor_kind: Actor['kind'];
  readonly actor_id: string | null;
  readonly action: AuditAction;
  readonly user_id: string;
  readonly name: string | null;
  readonly key_id: string | null;
  readonly reason: string | null;
}

/** Returns a user's entries, the newest first. */
export function readAudit(statements: Statements, userId: string): AuditEntry[] {
  const rows = statements.listAudit.all(userId, erasedUserId(userId)) as unknown as AuditRow[];
  return rows.map((row) => ({
    at: row.at,
    actor: { kind: row.actor_kind, ...(row.actor_id !== null && { id: row.actor_id }) },
    action: row.action,
    userId: row.user_id,
    ...(row.name !== null && { name: row.name }),
    ...(row.key_id !== null && { keyId: row.key_id }),
    ...(row.reason !== null && { reason: row.reason }),
  }));
}
