import type { KeyId } from '@andamio/verification/digest';
import type { DeviceLoginStore } from './device-login/model.ts';
import type { Decision, FoundKey, KeyRecord, Scope, TierClaim, View } from './model.ts';
import type { UsageStore } from './usage/store.ts';

/**
 * Maximum number of an owner's expired keys that are listed (contract, "Failures").
 */
export const listedExpiredKeys = 100;

/** A consistent snapshot of an owner's keys. */
export interface OwnedKeys {
  /** When the owner's first key was issued, in Unix seconds. Undefined if none was issued. */
  readonly since: number | undefined;
  /** The newest stored tier claim of the owner. Undefined if the owner is unknown. */
  readonly tierClaim: TierClaim | undefined;
  /**
   * The unexpired keys and the {@link listedExpiredKeys} most recently expired keys, unordered.
   * They may include keys whose retention has passed.
   */
  readonly keys: readonly KeyRecord[];
}

/** A query for a page of an owner's keys. */
export interface PageQuery {
  readonly userId: string;
  /** The name at which the page begins. If undefined, the page is the first. */
  readonly from?: {
    readonly name: string;
    /** True if the page includes this name. False if the page begins with the next name. */
    readonly isIncluded: boolean;
  };
  /** Maximum number of names in the page. */
  readonly maximum: number;
}

/** The secrets that are stored under a name. */
export interface HeldName {
  readonly name: string;
  /**
   * The current secret. Undefined if its retention has passed and the database has deleted it
   * before its name.
   */
  readonly current: KeyRecord | undefined;
  /** The previous secret, which may have expired. */
  readonly previous: KeyRecord | undefined;
}

/** A page of an owner's keys, with the owner's tier claim. */
export interface KeyPage {
  /** The newest stored tier claim of the owner. Undefined if the owner is unknown. */
  readonly tierClaim: TierClaim | undefined;
  /**
   * The names in this page, in the store's order. They may include names of keys whose retention
   * has passed. If there are fewer names than the maximum, this page is the last.
   */
  readonly names: readonly HeldName[];
}

/**
 * A database of keys and their usage. A store contains no domain rules: it reads views and applies
 * changes. Each store implements only two things in its own way: erasure (see
 * `Administration.erase`), and the record of the keys that no longer count ({@link View.isCounted}).
 * Every implementation passes the contract suite in `@andamio/testing`.
 *
 * Each call ends within {@link storeDeadline}: it returns its outcome, or throws {@link
 * StoreUnavailableError} or {@link OutcomeUnknownError}.
 */
export interface KeyStore extends UsageStore, DeviceLoginStore {
  /**
   * Runs a decision on the stored data and applies its changes. The changes are applied atomically
   * and exactly once. Transactions on the same owner are serializable, even across processes.
   *
   * @param decide a pure function, which may be called more than once.
   */
  transact<Outcome>(scope: Scope, decide: (view: View) => Decision<Outcome>): Promise<Outcome>;

  /**
   * Reports whether a secret with one of the ids was revoked, as long as the audit log keeps the
   * entry of the revocation.
   */
  wasRevoked(ids: readonly KeyId[]): Promise<boolean>;

  /**
   * Finds a key, expired or not, by its possible ids: one for each pepper. The call takes one round
   * trip, and its result includes every change that was acknowledged before the call. Only the tier
   * and suspension of an expired key may be older: a store may keep a copy of both in each key, and
   * a change of the owner need not update the copies in keys that have expired.
   */
  find(ids: readonly KeyId[]): Promise<FoundKey | undefined>;

  /**
   * Finds an owner's keys. The cost does not grow with the number of expired keys. The result
   * includes every change that was acknowledged before the call.
   *
   * @param now Unix seconds. Determines which keys are expired.
   */
  list(userId: string, now: number): Promise<OwnedKeys>;

  /**
   * Finds an owner's newest stored tier claim, without the keys. Resolves to undefined for an
   * unknown owner.
   */
  readTierClaim(userId: string): Promise<TierClaim | undefined>;

  /**
   * Finds a page of the names of an owner's keys, with their secrets. The cost depends only on the
   * size of the page. Each store orders names in its own way. No operation changes the place of a
   * name, so consecutive pages contain each name exactly once.
   */
  page(query: PageQuery): Promise<KeyPage>;

  /**
   * Resolves if the store responds, and rejects with {@link StoreUnavailableError} if it does not.
   *
   * @param milliseconds the maximum wait. The default is {@link checkDeadline}.
   */
  check(milliseconds?: number): Promise<void>;

  /** Waits for pending calls, then releases files and connections. */
  close(): Promise<void>;
}

/** Maximum duration of a call to a store in milliseconds, including the time spent in a queue. */
export const storeDeadline = 5_000;

/** Default maximum duration of `KeyStore.check` in milliseconds. */
export const checkDeadline = 2_000;

/** The store did not respond. Nothing was or will be written for the call. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The store was asked to write and did not confirm the write, so the outcome is unknown. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** The dependencies of every operation on keys. */
export interface KeyDependencies {
  readonly store: KeyStore;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Maximum number of days of a key's validity. If undefined, there is none. */
  readonly maximumDays?: number | undefined;
}
