import { decideTierClaim } from './decide/claim-tier.ts';
import type { ClaimTierCommand } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Stores the tier that a token or an operator claims for a known owner, unless a newer claim is
 * stored. For commands that change nothing else.
 *
 * @throws what {@link KeyStore.transact} throws.
 */
export function claimTier(store: Pick<KeyStore, 'transact'>, command: ClaimTierCommand): Promise<void> {
  const { userId, now } = command;
  return store.transact({ userId, now }, (view) => decideTierClaim(view, command));
}
