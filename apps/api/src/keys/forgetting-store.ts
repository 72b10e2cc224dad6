import type { KeyVerifier } from '@andamio/verification/verify-key';
import type { FoundKey, KeyStore } from './store.ts';

/**
 * A store by which every change of an owner's keys holds in what this process knows of keys before it is answered; also a
 * change that failed, since it may have been written all the same.
 */
export function forgettingStore(
  store: KeyStore,
  { invalidate, invalidateOwner }: Pick<KeyVerifier<FoundKey>, 'invalidate' | 'invalidateOwner'>,
): KeyStore {
  async function forgetting<Outcome>(userId: string, change: Promise<Outcome>): Promise<Outcome> {
    try {
      return await change;
    } finally {
      invalidateOwner(userId);
    }
  }

  return {
    issue: (command) => forgetting(command.record.userId, store.issue(command)),
    rotate: (command) => forgetting(command.userId, store.rotate(command)),
    roll: (command) => forgetting(command.userId, store.roll(command)),
    delete: (command) => forgetting(command.userId, store.delete(command)),
    claimTier: (command) => forgetting(command.userId, store.claimTier(command)),
    async revoke(command) {
      try {
        return await store.revoke(command);
      } finally {
        invalidate(command.ids);
      }
    },
    wasRevoked: (ids) => store.wasRevoked(ids),
    redigest: (command) => store.redigest(command),
    addUsage: (command) => store.addUsage(command),
    readUsage: (query) => store.readUsage(query),
    find: (ids) => store.find(ids),
    list: (userId, now) => store.list(userId, now),
    check: (milliseconds) => store.check(milliseconds),
    close: () => store.close(),
  };
}
