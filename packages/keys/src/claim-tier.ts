import { decideTierClaim } from './decide/claim-tier.ts';
import type { ClaimTierCommand } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Stores the tier claim of a token or an operator for a known owner, unless a newer claim is
 * stored. Used where nothing else changes.
 *
 * @throws the errors of {@link KeyStore.transact}.
 */
export function claimTier(
  store: Pick<KeyStore, 'transact'>,
  command: ClaimTierCommand,
): Promise<void> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideTierClaim(view, command));
}
