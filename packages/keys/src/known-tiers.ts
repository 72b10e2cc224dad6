import type { Tier } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { TierClaim } from './model.ts';
import { effectiveTier } from './owner.ts';
import type { KeyStore } from './store.ts';

/** Maximum number of owners whose claims are cached. The least recently used are evicted. */
const maximumOwners = 10_000;

/**
 * A cache of each owner's newest tier claim, from tokens and from the store. User rate limits are
 * applied before the store is read. With this cache, a token issued before a downgrade does not get
 * the rate limit of the old tier.
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

/** Wraps a store, so that every tier claim that is read from it is recorded in `knownTiers`. */
export function notingTiers(store: KeyStore, knownTiers: KnownTiers): KeyStore {
  const note = (userId: string, claim: TierClaim | undefined) => {
    if (claim !== undefined) knownTiers.note(userId, claim);
  };
  return {
    ...store,
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
