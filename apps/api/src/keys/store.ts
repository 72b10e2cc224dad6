import type { Decision, FoundKey, KeyRecord, Scope, TierClaim, View } from './model.ts';
import type { UsageStore } from './usage/store.ts';

/**
 * How many expired keys of an owner are listed (service contract, "Edges", "Cost of a request").
 */
export const listedExpiredKeys = 100;

/** An owner's keys as they were at one moment. */
export interface OwnedKeys {
  /** When the owner's first key was issued, Unix seconds; undefined before that. */
  readonly since: number | undefined;
  /** The claim of the owner's newest token; undefined for an unknown owner. */
  readonly tierClaim: TierClaim | undefined;
  /**
   * In no order: unexpired keys, and the {@link listedExpiredKeys} that expired last. Some may
   * count as removed already.
   */
  readonly keys: readonly KeyRecord[];
}

/**
 * Where keys and their usage are kept. A store holds no rule of the domain: it reads views and
 * applies changes. Every store passes the contract suite of `@andamio/testing`.
 *
 * Each call ends within {@link storeDeadline}: with its outcome, with {@link StoreUnavailableError}
 * or with {@link OutcomeUnknownError}.
 */
export interface KeyStore extends UsageStore {
  /**
   * Decides by what is stored and applies the changes: all or none, exactly once, and as if nobody
   * else changed the owner meanwhile, however many processes do.
   *
   * @param decide a pure function, which may be called more than once.
   */
  transact<Outcome>(scope: Scope, decide: (view: View) => Decision<Outcome>): Promise<Outcome>;

  /**
   * Returns whether a secret with one of the ids was revoked. Known for as long as the audit log
   * keeps the entry.
   */
  wasRevoked(ids: readonly string[]): Promise<boolean>;

  /**
   * Finds a key by the ids that it may have: one for each pepper. One round trip; it sees every
   * change that was answered before the call. An expired key is found as well.
   */
  find(ids: readonly string[]): Promise<FoundKey | undefined>;

  /**
   * Finds an owner's keys, at a cost that does not grow with the number of expired ones. It sees
   * every change that was answered before the call.
   *
   * @param now Unix seconds, by which keys count as expired.
   */
  list(userId: string, now: number): Promise<OwnedKeys>;

  /**
   * Resolves if the store responds, rejects with {@link StoreUnavailableError} if it does not.
   *
   * @param milliseconds how long it may take; by default as long as a readiness probe waits.
   */
  check(milliseconds?: number): Promise<void>;

  /** Waits for calls under way, then releases files and connections. */
  close(): Promise<void>;
}

/**
 * The longest that a call to a store may take, in milliseconds, including the wait for its turn.
 */
export const storeDeadline = 5_000;

/** The store did not respond, and nothing of the call was or will be written. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The store was told to write and did not confirm whether it did. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}
