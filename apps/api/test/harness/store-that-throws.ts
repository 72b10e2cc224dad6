import type { KeyStore } from '@andamio/keys/store';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';

/** Returns a store whose methods all fail with the given error, except `close`. */
export function storeThatThrows(error: Error): KeyStore {
  const store = createSqliteStore(':memory:', Date.now);
  const failing = Object.keys(store).map((name) => [name, () => Promise.reject(error)]);
  return { ...(Object.fromEntries(failing) as KeyStore), close: store.close };
}
