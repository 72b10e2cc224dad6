import type { DatabaseSync } from 'node:sqlite';
import { type AuditEntry, auditDeleteAfter, erasedUserId } from '@andamio/keys/audit';
import { erasedUpTo } from '@andamio/keys/usage/month';
import * as z from 'zod';
import { auditEntryOf, auditFields } from '../audit-entry.ts';
import { prepare } from './statement.ts';

const auditRow = z.object({ at: z.number(), ...auditFields });

const erasure = z.object({ at: z.number().nullable() });

/** Prepares the statements of the audit log. */
export function auditTable(database: DatabaseSync) {
  const columns = 'at, actor_kind, actor_id, action, user_id, name, key_id, reason';
  const append = prepare(
    database,
    `
    INSERT INTO audit (${columns}, remove_at)
    VALUES (:at, :actorKind, :actorId, :action, :userId, :name, :keyId, :reason, :deleteAfter)`,
  );
  const list = prepare(
    database,
    `
    SELECT ${columns} FROM audit WHERE user_id IN (:userId, :erasedUserId) ORDER BY at DESC, rowid DESC`,
  );
  const findErasure = prepare(
    database,
    `
    SELECT max(at) AS at FROM audit WHERE user_id = :erasedUserId AND action = 'user.erased'`,
  );
  const findRevocation = prepare(
    database,
    `
    SELECT 1 FROM audit
    WHERE action = 'key.revoked' AND key_id IN (SELECT value FROM json_each(:ids)) LIMIT 1`,
  );
  const sweep = prepare(database, 'DELETE FROM audit WHERE remove_at <= :now');
  return {
    append(entry: AuditEntry) {
      const { at, actor, action, userId, name = null, keyId = null, reason = null } = entry;
      const { kind: actorKind, id: actorId = null } = actor;
      const deleteAfter = auditDeleteAfter(entry);
      append.run({ at, actorKind, actorId, action, userId, name, keyId, reason, deleteAfter });
    },

    /** Returns a user's entries in the audit log, newest first. */
    list(userId: string): AuditEntry[] {
      return list
        .all({ userId, erasedUserId: erasedUserId(userId) })
        .map((row) => auditEntryOf(auditRow.parse(row)));
    },

    /**
     * Returns the number up to which additions of usage may contain requests from before the user's
     * last erasure, and have no effect. Undefined if the user was not erased.
     */
    erasedUpTo(userId: string): number | undefined {
      const { at } = erasure.parse(findErasure.get({ erasedUserId: erasedUserId(userId) }));
      return at === null ? undefined : erasedUpTo(at);
    },

    /** Reports whether the audit log contains the revocation of a secret with one of the ids. */
    hasRevocation: (ids: readonly string[]) =>
      findRevocation.get({ ids: JSON.stringify(ids) }) !== undefined,

    /** Deletes the audit entries whose retention has passed. */
    sweep: (now: number) => sweep.run({ now }),
  };
}
