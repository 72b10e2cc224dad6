import { secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import { decideRehash } from './decide/rehash.ts';
import type { FoundKey, RehashCommand } from './model.ts';
import type { KeyStore } from './store.ts';

/**
 * How many rehashes run at a time: a new pepper must not turn every key in use into a write at
 * once.
 */
const concurrency = 10;

/**
 * How long a key is left alone that was known under the newest pepper and no longer is, in
 * milliseconds. Another instance, whose newest pepper is an older one, rehashed it: until all
 * instances have the same settings they would go on taking turns.
 */
const truce = secondsPerDay * 1000;

/** For how many keys the last sighting under the newest pepper is cached. */
const cachedKeys = 10_000;

export interface RehashDependencies {
  readonly store: Pick<KeyStore, 'find' | 'transact'>;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /** Reports why a key could not be rehashed. */
  readonly warn: (error: unknown) => void;
}

export interface Rehashing {
  /** Finds a key like the store, and notes which keys are known under the newest pepper. */
  readonly find: KeyStore['find'];
  /** Starts to rehash a key under the newest pepper. */
  rehash(found: FoundKey, to: RehashCommand['to']): void;
}

/**
 * Creates a rehasher, which moves keys in use to the newest pepper so that older ones can retire:
 * in the background, each key once at a time. A key whose rehash fails, or comes while enough are
 * under way, is tried again when it is read next.
 */
export function rehashing({ store, now, monotonicNow, warn }: RehashDependencies): Rehashing {
  const underWay = new Set<string>();
  /** When a key was last known under the newest pepper, by its serial. */
  const seen = new LRUCache<string, number>({ max: cachedKeys });

  function isLeftAlone(serial: string): boolean {
    const seenAt = seen.get(serial);
    return seenAt !== undefined && monotonicNow() - seenAt < truce;
  }

  return {
    async find(ids) {
      const found = await store.find(ids);
      if (found !== undefined && found.record.id === ids[0]) seen.set(found.record.serial, monotonicNow());
      return found;
    },
    rehash({ record: { id, serial } }, to) {
      if (underWay.has(id) || underWay.size >= concurrency || isLeftAlone(serial)) return;
      underWay.add(id);
      const command = { from: id, to, now: Math.floor(now() / 1000) };
      store
        .transact({ ids: [id], now: command.now }, (view) => decideRehash(view, command))
        .then((outcome) => {
          if (outcome === 'rehashed') seen.set(serial, monotonicNow());
        })
        .catch(warn)
        .finally(() => underWay.delete(id));
    },
  };
}
