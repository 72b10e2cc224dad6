import type { Tier } from '@andamio/schema/tiers';
import { LRUCache } from 'lru-cache';
import type { TierClaim } from './model.ts';
import { effectiveTier } from './owner.ts';
import type { KeyStore } from './store.ts';

/** Owners whose claims are remembered: those that were here last. */
const mostOwners = 10_000;

/**
 * The newest claim of each owner's tier that this process has seen, in tokens and in the store. A
 * limit that is counted before anything is read goes by it, so that a token from before a downgrade
 * does not get its old limit.
 */
export class KnownTiers {
  readonly #byOwner = new LRUCache<string, TierClaim>({ max: mostOwners });

  /** Notes a claim and returns the tier of the newest one. */
  note(userId: string, claim: TierClaim): Tier {
    const known = this.#byOwner.get(userId);
    const tier = effectiveTier(claim, known);
    if (known === undefined || tier === claim.tier) {
      this.#byOwner.set(userId, { tier, issuedAt: Math.max(claim.issuedAt, known?.issuedAt ?? claim.issuedAt) });
    }
    return tier;
  }
}

/** Returns a store that notes the claims which are read from it. */
export function notingTiers(store: KeyStore, knownTiers: KnownTiers): KeyStore {
  return {
    ...store,
    async list(userId, now) {
      const listed = await store.list(userId, now);
      if (listed.tierClaim !== undefined) knownTiers.note(userId, listed.tierClaim);
      return listed;
    },
  };
}
