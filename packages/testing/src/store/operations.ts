import { type ClaimTierCommand, claimTier } from '@andamio/keys/claim-tier';
import type { OwnerCommand } from '@andamio/keys/model';
import type { RevokedKey } from '@andamio/keys/revoke';
import { revokeAll } from '@andamio/keys/revoke-all';
import type { KeyStore } from '@andamio/keys/store';
import type { DailyUsage, UsageQuery } from '@andamio/keys/usage/store';
import { deleteKey } from './delete.ts';
import { issue } from './issue.ts';
import { rehash } from './rehash.ts';
import { revoke } from './revoke.ts';
import { roll } from './roll.ts';
import { rotate } from './rotate.ts';
import { resume, suspend } from './suspend.ts';

/**
 * All operations that change keys or owners. The contract suite, the comparison with the model, the
 * tests of decisions, and the costs in Firestore run for each of them.
 */
export const operations = {
  issue,
  rotate,
  roll,
  delete: deleteKey,
  revoke,
  rehash,
  suspend,
  resume,
} as const;

type Methods<All> = {
  readonly [Verb in keyof All]: All[Verb] extends {
    run(store: never, command: infer Command): infer Outcome;
  }
    ? (command: Command) => Outcome
    : never;
};

/**
 * Methods that run each operation on a store as the service does, and methods for other functions
 * of the domain.
 */
export interface Operations extends Methods<typeof operations> {
  claimTier(command: ClaimTierCommand): Promise<void>;
  revokeAll(command: OwnerCommand): Promise<readonly RevokedKey[]>;
  /** Finds the requests per key name and day, without the last uses. */
  readUsage(query: UsageQuery): Promise<readonly DailyUsage[]>;
}

/** Adds a method for each operation to a store, such as `issue`. */
export function withOperations<Store extends KeyStore>(store: Store): Store & Operations {
  const methods = Object.entries(operations).map(([verb, { run }]) => [
    verb,
    (command: never) => run(store, command),
  ]);
  return {
    ...store,
    ...(Object.fromEntries(methods) as Methods<typeof operations>),
    claimTier: (command) => claimTier(store, command),
    revokeAll: (command) => revokeAll(store, command),
    readUsage: async (query) =>
      (await store.readActivity({ ...query, months: [], serials: [] })).usage,
  };
}
