import type { FoundKey, KeyStore, RedigestCommand } from './store.ts';

/** How many are under way at a time: a new pepper must not turn every key in use into a write at once. */
const parallel = 10;

export interface RedigestDependencies {
  readonly store: Pick<KeyStore, 'redigest'>;
  /** The present in Unix milliseconds. */
  readonly now: () => number;
  /** Is told why a key could not be digested anew. */
  readonly warn: (error: unknown) => void;
}

/** Begins to have a key known by its digest under the newest pepper. */
export type Redigest = (found: FoundKey, to: RedigestCommand['to']) => void;

/**
 * Has keys in use digested anew, so that older peppers can retire: in the background, each one once at a time. What fails, or comes
 * while enough are under way, is tried again when the key is read next.
 */
export function redigesting({ store, now, warn }: RedigestDependencies): Redigest {
  const underWay = new Set<string>();
  return ({ record: { id } }, to) => {
    if (underWay.has(id) || underWay.size >= parallel) return;
    underWay.add(id);
    store
      .redigest({ from: id, to, now: Math.floor(now() / 1000) })
      .catch(warn)
      .finally(() => underWay.delete(id));
  };
}
