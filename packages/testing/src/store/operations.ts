import { claimTier } from '@andamio/keys/claim-tier';
import { removeKey } from '@andamio/keys/delete';
import { storeKey } from '@andamio/keys/issue';
import type {
  ClaimTierCommand,
  DeleteCommand,
  IssueCommand,
  OwnerCommand,
  RehashCommand,
  RevokeCommand,
  RollCommand,
  RotateCommand,
} from '@andamio/keys/model';
import { rehashSecret } from '@andamio/keys/rehash';
import { revokeSecret } from '@andamio/keys/revoke';
import { replaceSecret } from '@andamio/keys/roll';
import { extendKey } from '@andamio/keys/rotate';
import type { KeyStore } from '@andamio/keys/store';
import { resume, suspend } from '@andamio/keys/suspend';

/** Methods, one for each operation, that run it on a store as the service does. */
export type Operations = ReturnType<typeof operationsOn>;

function operationsOn(store: KeyStore) {
  return {
    issue: (command: IssueCommand) => storeKey(store, command),
    rotate: (command: RotateCommand) => extendKey(store, command),
    roll: (command: RollCommand) => replaceSecret(store, command),
    delete: (command: DeleteCommand) => removeKey(store, command),
    rehash: (command: RehashCommand) => rehashSecret(store, command),
    revoke: (command: RevokeCommand) => revokeSecret(store, command),
    suspend: (command: OwnerCommand) => suspend(store, command),
    resume: (command: OwnerCommand) => resume(store, command),
    claimTier: (command: ClaimTierCommand) => claimTier(store, command),
  };
}

/** Adds a method for each decision to a store, such as `issue` for `decideIssue`. */
export function withOperations<Store extends KeyStore>(store: Store): Store & Operations {
  return { ...store, ...operationsOn(store) };
}
