import { claimTier } from '@andamio/keys/claim-tier';
import { decideDeletion, deletionScope } from '@andamio/keys/decide/delete';
import { decideIssue, issueScope } from '@andamio/keys/decide/issue';
import { decideRehash } from '@andamio/keys/decide/rehash';
import { decideRoll, rollScope } from '@andamio/keys/decide/roll';
import { decideRotation, rotationScope } from '@andamio/keys/decide/rotate';
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
import { revokeSecret } from '@andamio/keys/revoke';
import type { KeyStore } from '@andamio/keys/store';
import { resume, suspend } from '@andamio/keys/suspend';

/** Methods that run the decisions of `packages/keys/src/decide` in a store. */
export type Operations = ReturnType<typeof operationsOn>;

function operationsOn(store: KeyStore) {
  return {
    issue: (command: IssueCommand) =>
      store.transact(issueScope(command), (view) => decideIssue(view, command)),
    rotate: (command: RotateCommand) =>
      store.transact(rotationScope(command), (view) => decideRotation(view, command)),
    roll: (command: RollCommand) =>
      store.transact(rollScope(command), (view) => decideRoll(view, command)),
    delete: (command: DeleteCommand) =>
      store.transact(deletionScope(command), (view) => decideDeletion(view, command)),
    rehash: (command: RehashCommand) =>
      store.transact({ ids: [command.from], now: command.now }, (view) =>
        decideRehash(view, command),
      ),
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
