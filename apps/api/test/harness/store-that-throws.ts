import type { KeyStore } from '@andamio/keys/store';

/** Returns a store whose methods all fail with the given error. */
export function storeThatThrows(error: Error): KeyStore {
  const fail = () => Promise.reject(error);
  return {
    transact: fail,
    wasRevoked: fail,
    find: fail,
    list: fail,
    addUsage: fail,
    readTotals: fail,
    readUsage: fail,
    readActivity: fail,
    check: fail,
    close: () => Promise.resolve(),
  };
}
