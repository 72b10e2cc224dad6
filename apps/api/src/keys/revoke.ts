import type { Digester } from '@andamio/verification/digest';
import type { Actor } from './audit.ts';
import { decideRevocation } from './decide/revoke.ts';
import type { KeyDependencies } from './dependencies.ts';
import type { RevokeCommand, RevokeOutcome } from './model.ts';
import type { KeyStore } from './store.ts';

export interface RevokeKeyDependencies extends KeyDependencies {
  /** One for each configured pepper. */
  readonly digesters: readonly Digester[];
}

/** Returns the ids that a key may have: its digest under each pepper. */
export function idsOf(digesters: readonly Digester[], key: string): string[] {
  return digesters.map(({ digest }) => digest(key));
}

/**
 * Revokes the secret that has one of the ids, and no other of its owner or name.
 *
 * @throws what {@link KeyStore.transact} throws.
 */
export function revokeSecret(store: Pick<KeyStore, 'transact'>, command: RevokeCommand): Promise<RevokeOutcome> {
  const { ids, now } = command;
  return store.transact({ ids, now }, (view) => decideRevocation(view, command));
}

/**
 * Revokes a key, whoever holds it.
 *
 * @param key in plaintext.
 * @param reason for the audit log.
 * @throws what {@link revokeSecret} throws.
 */
export function revokeKey(
  { store, digesters, now }: RevokeKeyDependencies,
  key: string,
  by: Actor,
  reason?: string,
): Promise<RevokeOutcome> {
  return revokeSecret(store, { ids: idsOf(digesters, key), by, reason, now: Math.floor(now() / 1000) });
}
