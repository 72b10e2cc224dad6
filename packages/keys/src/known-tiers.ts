import type { Tier } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { TierClaim } from './model.ts';
import { effectiveTier } from './owner.ts';
import type { KeyStore } from './store.ts';

/** Maximum number of owners whose claims are cached. The least recently used are evicted. */
const maximumOwners = 10_000;

/**
 * Minimum time, in milliseconds, between two reads of an owner's stored claim that a
 * {@link TierRefresh} starts.
 */
export const tierRefreshInterval = 10_000;

/**
 * A cache of each owner's newest tier claim, from tokens and from the store. User rate limits are
 * applied before the store is read. With this cache, a token issued before a change of tier does
 * not get the rate limit of the old tier.
 */
export class KnownTiers {
  readonly #byOwner = new LRUCache<string, TierClaim>({ max: maximumOwners });

  /** Records a claim, and returns the tier of the owner's newest claim. */
  note(userId: string, claim: TierClaim): Tier {
    const known = this.#byOwner.get(userId);
    const tier = effectiveTier(claim, known);
    if (known === undefined || tier === claim.tier) {
      this.#byOwner.set(userId, {
        tier,
        issuedAt: Math.max(claim.issuedAt, known?.issuedAt ?? claim.issuedAt),
      });
    }
    return tier;
  }
}

/**
 * Wraps a store, so that every tier claim that is read from it is recorded in `knownTiers`. A
 * transaction on an owner reads the owner, so it costs no further read.
 */
export function notingTiers(store: KeyStore, knownTiers: KnownTiers): KeyStore {
  const note = (userId: string, claim: TierClaim | undefined) => {
    if (claim !== undefined) knownTiers.note(userId, claim);
  };
  return {
    ...store,
    transact(scope, decide) {
      if ('ids' in scope) return store.transact(scope, decide);
      return store.transact(scope, (view) => {
        note(scope.userId, view.owner?.tierClaim);
        return decide(view);
      });
    },
    async list(userId, now) {
      const listed = await store.list(userId, now);
      note(userId, listed.tierClaim);
      return listed;
    },
    async page(query) {
      const page = await store.page(query);
      note(query.userId, page.tierClaim);
      return page;
    },
    async readTierClaim(userId) {
      const claim = await store.readTierClaim(userId);
      note(userId, claim);
      return claim;
    },
  };
}

/**
 * Reads an owner's stored tier claim, so that the process knows it. Does nothing if it was read
 * within the last {@link tierRefreshInterval}, or if the store does not respond.
 */
export type TierRefresh = (userId: string) => Promise<void>;

/**
 * Creates a {@link TierRefresh}.
 *
 * @param store a store that records the claims that are read from it: see {@link notingTiers}.
 * @param monotonicNow returns milliseconds from a monotonic clock.
 */
export function createTierRefresh(
  store: Pick<KeyStore, 'readTierClaim'>,
  monotonicNow: () => number,
): TierRefresh {
  const reads = new LRUCache<string, true>({
    max: maximumOwners,
    ttl: tierRefreshInterval,
    ttlResolution: 0,
    perf: { now: monotonicNow },
    async fetchMethod(userId): Promise<true> {
      await store.readTierClaim(userId).catch(() => undefined);
      return true;
    },
  });
  return async (userId) => void (await reads.fetch(userId));
}
