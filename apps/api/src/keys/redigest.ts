import { secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import type { FoundKey, KeyStore, RedigestCommand } from './store.ts';

/** How many are under way at a time: a new pepper must not turn every key in use into a write at once. */
const parallel = 10;

/**
 * How long a key is left alone that was known under the newest pepper and is under another since, in milliseconds. Another instance, to
 * which that one is the newest, digested it anew: until all have the same settings they would go on taking turns.
 */
const truce = secondsPerDay * 1000;

/** Of how many keys it is remembered that they were known under the newest pepper. */
const rememberedKeys = 10_000;

export interface RedigestDependencies {
  readonly store: Pick<KeyStore, 'find' | 'redigest'>;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicNow: () => number;
  /** Is told why a key could not be digested anew. */
  readonly warn: (error: unknown) => void;
}

export interface Redigesting {
  /** Finds a key like the store, by its digest under the newest pepper first, and notes which keys are known under that. */
  readonly find: KeyStore['find'];
  /** Begins to have a key known by its digest under the newest pepper. */
  redigest(found: FoundKey, to: RedigestCommand['to']): void;
}

/**
 * Has keys in use digested anew, so that older peppers can retire: in the background, each one once at a time. What fails, or comes
 * while enough are under way, is tried again when the key is read next.
 */
export function redigesting({ store, now, monotonicNow, warn }: RedigestDependencies): Redigesting {
  const underWay = new Set<string>();
  /** When a key was last known under the newest pepper, by its serial. */
  const seen = new LRUCache<string, number>({ max: rememberedKeys });

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
    redigest({ record: { id, serial } }, to) {
      if (underWay.has(id) || underWay.size >= parallel || isLeftAlone(serial)) return;
      underWay.add(id);
      store
        .redigest({ from: id, to, now: Math.floor(now() / 1000) })
        .then((outcome) => {
          if (outcome === 'redigested') seen.set(serial, monotonicNow());
        })
        .catch(warn)
        .finally(() => underWay.delete(id));
    },
  };
}
