import { type Digester, idsOf } from '@andamio/verification/digest';
import type { Actor } from './audit.ts';
import { decideRevocation } from './decide/revoke.ts';
import type { RevokeCommand, RevokeOutcome } from './model.ts';
import type { KeyDependencies, KeyStore } from './store.ts';

export interface RevokeKeyDependencies extends KeyDependencies {
  /** The digesters, one for each configured pepper. */
  readonly digesters: readonly Digester[];
}

/**
 * Revokes the secret with one of the ids. Other secrets of the same key or owner stay valid.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function revokeSecret(
  store: Pick<KeyStore, 'transact'>,
  command: RevokeCommand,
): Promise<RevokeOutcome> {
  const { ids, now } = command;
  return store.transact({ ids, now }, (view) => decideRevocation(view, command));
}

/**
 * Revokes a key of any owner.
 *
 * @param key the key in plaintext.
 * @param reason the reason, for the audit log.
 * @throws the errors of {@link revokeSecret}.
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
