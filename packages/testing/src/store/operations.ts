import { type ClaimTierCommand, claimTier } from '@andamio/keys/claim-tier';
import { decideDeletion, deletionScope } from '@andamio/keys/delete';
import { decideIssue, type IssueCommand, issueScope } from '@andamio/keys/issue';
import type { KeyCommand, OwnerCommand } from '@andamio/keys/model';
import { type RehashCommand, rehashSecret } from '@andamio/keys/rehash';
import { type RevokeCommand, revokeSecret } from '@andamio/keys/revoke';
import { decideRoll, type RollCommand, rollScope } from '@andamio/keys/roll';
import { decideRotation, type RotateCommand, rotationScope } from '@andamio/keys/rotate';
import type { KeyStore } from '@andamio/keys/store';
import { resume, suspend } from '@andamio/keys/suspend';

/** Methods, one for each operation, that run it on a store as the service does. */
export type Operations = ReturnType<typeof operationsOn>;

function operationsOn(store: KeyStore) {
  return {
    issue: (command: IssueCommand) =>
      store.transact(issueScope(command), (view) => decideIssue(view, command)),
    rotate: (command: RotateCommand) =>
      store.transact(rotationScope(command), (view) => decideRotation(view, command)),
    roll: (command: RollCommand) =>
      store.transact(rollScope(command), (view) => decideRoll(view, command)),
    delete: (command: KeyCommand) =>
      store.transact(deletionScope(command), (view) => decideDeletion(view, command)),
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
