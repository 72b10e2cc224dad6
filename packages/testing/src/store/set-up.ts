import { type Keys, type KeysOptions, setUpKeys } from '@andamio/keys/set-up';
import type { KeyStore } from '@andamio/keys/store';
import type { Pepper } from '@andamio/schema/settings';
import { present } from './commands.ts';

/** Returns the pepper with the given version. Its secret depends only on the version. */
export const pepper = (version: string): Pepper => ({
  version,
  secret: Buffer.alloc(32, version),
});

export type KeysInOptions = Partial<Pick<KeysOptions, 'peppers' | 'maximumDays' | 'now'>>;

/**
 * Creates the dependencies of operations on keys for a store. By default, there is one pepper, and
 * the time is {@link present}.
 */
export function keysIn(store: KeyStore, options: KeysInOptions = {}): Keys {
  const now = options.now ?? (() => present * 1000);
  return setUpKeys({
    store,
    peppers: [pepper('test')],
    verifyCacheSeconds: 10,
    maximumDays: undefined,
    now,
    monotonicNow: now,
    warn: () => {},
    ...options,
  });
}
