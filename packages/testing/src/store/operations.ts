import { claimTier } from '@andamio/api/keys/claim-tier';
import { decideDeletion, deletionScope } from '@andamio/api/keys/decide/delete';
import { decideIssue, issueScope } from '@andamio/api/keys/decide/issue';
import { decideRehash } from '@andamio/api/keys/decide/rehash';
import { decideRoll, rollScope } from '@andamio/api/keys/decide/roll';
import { decideRotation, rotationScope } from '@andamio/api/keys/decide/rotate';
import type {
  ClaimTierCommand,
  DeleteCommand,
  IssueCommand,
  OwnerCommand,
  RehashCommand,
  RevokeCommand,
  RollCommand,
  RotateCommand,
} from '@andamio/api/keys/model';
import { revokeSecret } from '@andamio/api/keys/revoke';
import type { KeyStore } from '@andamio/api/keys/store';
import { resume, suspend } from '@andamio/api/keys/suspend';

/** Methods that run the decisions of `apps/api/src/keys/decide` in a store. */
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
