import { type LogEvent, logEvents } from '@andamio/schema/log-events';
import type { Pepper } from '@andamio/schema/settings';
import { createDigester, type Digester, digestKeyOf } from '@andamio/verification/digest';
import { createKeyVerifier, type KeyVerifier } from '@andamio/verification/verify-key';
import { withCacheInvalidation } from './cache-invalidation.ts';
import { createKeyDeriver } from './idempotency.ts';
import type { IssueKeyDependencies } from './issue.ts';
import { createTierRefresh, KnownTiers, notingTiers, type TierRefresh } from './known-tiers.ts';
import type { FoundKey } from './model.ts';
import { pacedLookups } from './paced-lookups.ts';
import { rehashing } from './rehashing.ts';
import type { RevokeKeyDependencies } from './revoke.ts';
import type { KeyStore } from './store.ts';
import { UsageMeter } from './usage/meter.ts';
import { type SharedUsage, SharedUsageStorer, storingBeforeReads } from './usage/shared.ts';

/**
 * The dependencies of all operations on keys.
 *
 * @typeParam Counts how instances count usage together.
 */
export interface Keys<Counts extends SharedUsage = SharedUsage>
  extends IssueKeyDependencies,
    RevokeKeyDependencies {
  readonly verifier: KeyVerifier<FoundKey>;
  readonly usage: UsageMeter;
  /**
   * The usage that instances count together, and what stores it. Undefined if each instance counts
   * alone.
   */
  readonly shared: { readonly counts: Counts; readonly storer: SharedUsageStorer } | undefined;
  readonly knownTiers: KnownTiers;
  readonly refreshTier: TierRefresh;
}

export interface KeysOptions<Counts extends SharedUsage = SharedUsage> {
  readonly store: KeyStore;
  /**
   * The configured peppers. New keys are created under the first; keys under all of them verify.
   */
  readonly peppers: readonly Pepper[];
  /** Maximum age of a cached verification in seconds. */
  readonly verifyCacheSeconds: number;
  /** Maximum number of days of a key's validity. If undefined, there is none. */
  readonly maximumDays: number | undefined;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Returns milliseconds from a monotonic clock. */
  readonly monotonicNow: () => number;
  /** Reports errors from background work, with a message for the log. */
  readonly warn: (error: unknown, event: LogEvent) => void;
  /** The usage that instances count together. Undefined if each instance counts alone. */
  readonly sharedUsage?: Counts | undefined;
}

/**
 * Creates the dependencies of operations on keys. The store is wrapped so that every change to a
 * key invalidates the cached verifications.
 */
export function setUpKeys<Counts extends SharedUsage>(options: KeysOptions<Counts>): Keys<Counts> {
  const { store, peppers, verifyCacheSeconds, maximumDays, now, monotonicNow, warn } = options;
  const digesters = peppers.map((pepper) => createDigester(digestKeyOf(pepper))) as [
    Digester,
    ...Digester[],
  ];
  const { find, rehash } = rehashing({
    store,
    newestVersion: digesters[0].pepperVersion,
    now,
    monotonicNow,
    warn: (error) => warn(error, logEvents.rehashFailed),
  });
  const maximumAge = verifyCacheSeconds * 1000;
  const verifier = createKeyVerifier<FoundKey>({
    find: pacedLookups(find, { maximumAge, monotonicNow }),
    digesters,
    maximumAge,
    now,
    monotonicNow,
    onOlderPepper: rehash,
  });
  const knownTiers = new KnownTiers();
  const metering = {
    store,
    now,
    monotonicNow,
    warn,
  };
  const counts = options.sharedUsage;
  const shared = counts && {
    counts,
    storer: new SharedUsageStorer({ ...metering, shared: counts }),
  };
  const readable = shared === undefined ? store : storingBeforeReads(store, shared.storer);
  const notingStore = notingTiers(withCacheInvalidation(readable, verifier), knownTiers);
  return {
    store: notingStore,
    knownTiers,
    refreshTier: createTierRefresh(notingStore, monotonicNow),
    digester: digesters[0],
    digesters,
    deriveKey: createKeyDeriver(peppers),
    verifier,
    usage: new UsageMeter(metering),
    shared,
    now,
    maximumDays,
  };
}
