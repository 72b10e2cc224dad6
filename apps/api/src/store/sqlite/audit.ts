import { type AuditEntry, auditRemovalOf } from '../../keys/audit.ts';
import type { Statements } from './statements.ts';

/** Adds an entry to the audit log, within the transaction of the change. */
export function audit(statements: Statements, entry: AuditEntry): void {
  const { at, actor, action, userId, name = null, keyId = null, reason = null } = entry;
  const removeAt = auditRemovalOf(entry);
  statements.insertAudit.run(at, actor.kind, actor.id ?? null, action, userId, name, keyId, removeAt, reason);
}
