import type { KeyStore } from '../../src/keys/store.ts';

/** Returns a store whose calls all fail with the error. */
export function storeThatThrows(error: Error): KeyStore {
  const fail = () => Promise.reject(error);
  return {
    issue: fail,
    rotate: fail,
    roll: fail,
    delete: fail,
    revoke: fail,
    wasRevoked: fail,
    redigest: fail,
    find: fail,
    list: fail,
    claimTier: fail,
    addUsage: fail,
    readUsage: fail,
    check: fail,
    close: () => Promise.resolve(),
  };
}
