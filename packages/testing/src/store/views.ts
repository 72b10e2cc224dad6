import type { KeyRecord, OwnerRecord, View } from '@andamio/keys/model';
import { command, present } from './commands.ts';

/** The record of a key that a transaction has located. */
export const { record: located } = command();

/**
 * Returns the view of a transaction that has located a secret. By default, the owner and the key
 * have been deleted since then.
 */
export function viewOf(owner?: OwnerRecord, key?: KeyRecord, previous?: KeyRecord): View {
  return {
    owner,
    located,
    at: (name) =>
      name === located.name
        ? { named: key, key, previous, previousId: previous?.id }
        : { named: undefined, key: undefined, previous: undefined, previousId: undefined },
    idempotencyRecord: undefined,
    deviceLogin: undefined,
    countUnexpired: () => 1,
    isCounted: () => true,
  };
}

/** The stored owner of {@link located}. */
export const storedOwner = {
  createdAt: present,
  tierClaim: { tier: 'growth', issuedAt: present },
  suspended: false,
  erasing: false,
} as const;

/** The view of an unknown owner. */
export const unused = viewOf();
/** The view of an owner who has a key. */
export const held = viewOf(storedOwner, located);
/** The view of an owner whose key was rolled. */
export const rolled = viewOf(storedOwner, located, command().record);
