import { secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import type { FoundKey } from './model.ts';
import { OutageWarning } from './outage-warning.ts';
import { type RehashCommand, rehashSecret } from './rehash.ts';
import type { KeyStore } from './store.ts';

/**
 * Maximum number of concurrent rehashes. Without this limit, a new pepper would cause a write for
 * every key in use at once.
 */
const concurrency = 10;

/**
 * Time, in milliseconds, for which a key is not rehashed after it was found under the newest
 * pepper. If it is found under another pepper in that time, another instance with older settings
 * has rehashed it. Without this pause, the two instances would rehash the key in turns until their
 * settings agree.
 */
const truce = secondsPerDay * 1000;

/**
 * Maximum number of keys for which {@link rehashing} remembers when they were last found under the
 * newest pepper.
 */
const cachedKeys = 10_000;

export interface RehashDependencies {
  readonly store: Pick<KeyStore, 'find' | 'transact'>;
  /** Version of the pepper to which keys are rehashed. */
  readonly newestVersion: string;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /** Reports the error of a failed rehash. Called once per outage. */
  readonly warn: (error: unknown) => void;
}

export interface Rehashing {
  /** Finds a key in the store. Records the time if the key is found under the newest pepper. */
  readonly find: KeyStore['find'];
  /** Starts to rehash a key to the newest pepper. */
  rehash(found: FoundKey, to: RehashCommand['to']): void;
}

/**
 * Creates a rehasher. It moves keys in use to the newest pepper, so that older peppers can be
 * removed from the settings. Rehashes run in the background, one at a time for each key. A key
 * whose rehash fails, or that exceeds the concurrency limit, is rehashed when it is next read.
 */
export function rehashing(dependencies: RehashDependencies): Rehashing {
  const { store, newestVersion, now, monotonicNow, warn } = dependencies;
  const underWay = new Set<string>();
  const outage = new OutageWarning(warn);
  /**
   * When each key was last found under the newest pepper, by serial, in milliseconds of the
   * monotonic clock.
   */
  const seen = new LRUCache<string, number>({ max: cachedKeys });

  function isLeftAlone(serial: string): boolean {
    const seenAt = seen.get(serial);
    return seenAt !== undefined && monotonicNow() - seenAt < truce;
  }

  return {
    async find(ids) {
      const found = await store.find(ids);
      if (found?.record.pepperVersion === newestVersion)
        seen.set(found.record.serial, monotonicNow());
      return found;
    },
    rehash({ record: { id, serial } }, to) {
      if (underWay.has(id) || underWay.size >= concurrency || isLeftAlone(serial)) return;
      underWay.add(id);
      const command = { from: id, to, now: Math.floor(now() / 1000) };
      rehashSecret(store, command)
        .then((outcome) => {
          if (outcome !== 'rehashed') return;
          seen.set(serial, monotonicNow());
          outage.succeeded();
        })
        .catch((error: unknown) => outage.failed(error))
        .finally(() => underWay.delete(id));
    },
  };
}
