import { decideTierClaim } from './decide/claim-tier.ts';
import type { ClaimTierCommand } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * Stores a known owner's tier claim, from a token or an operator, unless a newer claim is stored.
 * For callers that change nothing else.
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
