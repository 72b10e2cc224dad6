import { type AuditEntry, actorKinds, auditSubjects } from '@andamio/keys/audit';
import * as z from 'zod';

/** The fields of a stored audit entry, except for its time, whose type depends on the store. */
export const auditFields = {
  actor_kind: z.enum(actorKinds),
  actor_id: z.string().nullable(),
  action: z.templateLiteral([z.enum(auditSubjects), '.', z.string()]),
  user_id: z.string(),
  name: z.string().nullable(),
  key_id: z.string().nullable(),
  reason: z.string().nullable(),
};

type StoredEntry = z.output<z.ZodObject<typeof auditFields>> & {
  /** Unix seconds. */
  readonly at: number;
};

/** Converts a stored row or document to an audit entry. */
export function auditEntryOf(stored: StoredEntry): AuditEntry {
  const {
    at,
    actor_kind: kind,
    actor_id: id,
    action,
    user_id: userId,
    name,
    key_id: keyId,
    reason,
  } = stored;
  return {
    at,
    actor: { kind, ...(id !== null && { id }) },
    action,
    userId,
    ...(name !== null && { name }),
    ...(keyId !== null && { keyId }),
    ...(reason !== null && { reason }),
  };
}
