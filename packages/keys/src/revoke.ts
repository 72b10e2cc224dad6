import { type Digester, idsOf, type KeyId } from '@andamio/verification/digest';
import type { Actor, AuditEntry } from './audit.ts';
import { deleteAfterOf, isRemoved } from './expiry.ts';
import { locatedSecret } from './located-secret.ts';
import type { Change, Decision, View } from './model.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

/** A command to revoke a secret. `ids` contains its possible key ids, one for each pepper. */
export interface RevokeCommand {
  readonly ids: readonly KeyId[];
  readonly by: Actor;
  /** The reason for the change, for the audit log. */
  readonly reason?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** A secret that was revoked. */
export interface RevokedKey {
  /** The key id of the revoked secret. */
  readonly id: KeyId;
  readonly userId: string;
  readonly name: string;
}

/** Creates the audit entry for a revoked key. */
export function revocationEntry(
  { by: actor, reason, now: at }: Pick<RevokeCommand, 'by' | 'reason' | 'now'>,
  { id: keyId, userId, name }: RevokedKey,
): AuditEntry {
  return { at, actor, action: 'key.revoked', userId, name, keyId, reason };
}

/**
 * The outcome of a {@link RevokeCommand}. It is `no_such_key` if no stored secret has one of the
 * ids.
 */
export type RevokeOutcome = RevokedKey | 'no_such_key';

/**
 * Decides the revocation of one secret. The key's other secret stays valid.
 *
 * If the current secret is revoked while the previous one is still valid, the previous secret
 * becomes the current one and keeps the expiry that the roll set. Every accepted secret therefore
 * stays listed and can be deleted.
 */
export function decideRevocation(view: View, command: RevokeCommand): Decision<RevokeOutcome> {
  const { now } = command;
  const located = locatedSecret(view, now);
  if (located === undefined) return { outcome: 'no_such_key', changes: [] };

  const { secret, isPrevious, previous } = located;
  const { id, userId, name } = secret;
  const changes: Change[] = [];
  if (!isPrevious) changes.push({ type: 'remove_secret', secret: 'current', name });
  if (previous !== undefined) changes.push({ type: 'remove_secret', secret: 'previous', name });
  if (!isPrevious && previous !== undefined && !isRemoved(previous, now)) {
    const record = { ...previous, deleteAfter: deleteAfterOf(previous.expiresAt) };
    changes.push({ type: 'put_secret', secret: 'current', record });
  }
  const outcome = { id, userId, name };
  changes.push({ type: 'append_audit_entry', entry: revocationEntry(command, outcome) });
  return { outcome, changes };
}

export interface RevokeKeyDependencies extends KeyDependencies {
  /** The digesters, one for each configured pepper. */
  readonly digesters: readonly Digester[];
}

/**
 * Revokes the secret with one of the ids. Other secrets of the same key or owner stay valid.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function revokeSecret(
  store: Pick<KeyStore, 'transact'>,
  command: RevokeCommand,
): Promise<RevokeOutcome> {
  const { ids, now } = command;
  return store.transact({ ids, now }, (view) => decideRevocation(view, command));
}

/**
 * Finds the secret that {@link revokeSecret} would revoke, and changes nothing.
 *
 * @throws the same errors as {@link KeyStore.transact}.
 */
export function findRevocable(
  store: Pick<KeyStore, 'transact'>,
  command: RevokeCommand,
): Promise<RevokeOutcome> {
  const { ids, now } = command;
  return store.transact({ ids, now }, (view) => ({
    ...decideRevocation(view, command),
    changes: [],
  }));
}

/**
 * Revokes a key of any owner.
 *
 * @param key the key in plaintext.
 * @param reason the reason, for the audit log.
 * @throws the same errors as {@link revokeSecret}.
 */
export function revokeKey(
  { store, digesters, now }: RevokeKeyDependencies,
  key: string,
  by: Actor,
  reason?: string,
): Promise<RevokeOutcome> {
  return revokeSecret(store, {
    ids: idsOf(digesters, key),
    by,
    reason,
    now: Math.floor(now() / 1000),
  });
}
