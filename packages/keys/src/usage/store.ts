/** A command to add an owner's requests of one day to the stored usage. */
export interface AddUsageCommand {
  readonly userId: string;
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  /** The random id of the process that counted the requests. */
  readonly instance: string;
  /**
   * The number of the addition: approximately the time of the first count, in Unix microseconds.
   * The numbers of one instance's additions for one owner ascend. The instance sends an addition
   * only when it knows the outcome of the previous one, or has abandoned the previous one.
   */
  readonly number: number;
  /**
   * Whether an earlier call with this addition ended with an unknown outcome, so that the addition
   * may have been made.
   */
  readonly isRepeated: boolean;
  /** Numbers of requests by key name. */
  readonly counts: ReadonlyMap<string, number>;
  /**
   * The minute of each secret's last request on this day, by the secret's serial, in Unix minutes.
   */
  readonly lastUses: ReadonlyMap<string, number>;
}

/** Numbers of an owner's requests, as counted by all instances together. */
export interface UsageTotals {
  /** Requests on one UTC day. */
  readonly day: number;
  /** Requests in the month of that day. */
  readonly month: number;
}

/** A query for an owner's usage, by UTC days and key names. */
export interface UsageQuery {
  readonly userId: string;
  /** UTC days, such as `2025-08-31`. */
  readonly days: readonly string[];
  readonly names: readonly string[];
}

/** The requests of the keys with one name on one day. There is at least one request. */
export interface DailyUsage {
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  readonly name: string;
  readonly requests: number;
}

/** A query for the usage and last uses of an owner's keys. */
export interface ActivityQuery extends UsageQuery {
  /** The UTC months in which last uses are looked up, such as `2025-08`. */
  readonly months: readonly string[];
  /** The serials of the secrets whose last use is looked up. */
  readonly serials: readonly string[];
}

/** The usage and last uses of an owner's keys. */
export interface Activity {
  /** The requests per key name and day, unordered. */
  readonly usage: readonly DailyUsage[];
  /**
   * The minute of each secret's last request in one of the months, by serial, in Unix minutes.
   * Secrets without a known request are absent.
   */
  readonly lastUses: ReadonlyMap<string, number>;
}

/**
 * The error for a repeated addition of usage that the store no longer recognizes. The addition may
 * have been made. Nothing was written for the call.
 */
export class AdditionForgottenError extends Error {
  override readonly name = 'AdditionForgottenError';

  constructor() {
    super('The store no longer knows whether it made the addition.');
  }
}

/**
 * A database of usage. Usage belongs to the owner and outlives keys. The calls have the same
 * deadline and errors as the calls of the key store.
 */
export interface UsageStore {
  /**
   * Adds requests to an owner's totals of a day and its month. The addition is atomic and exact
   * under concurrency. Repeating an addition, with the same number, has no effect. An instance that
   * adds nothing for an hour may be forgotten. Its repeated additions are then refused. An addition
   * for an erased user has no effect if it contains requests from before the erasure.
   *
   * @returns the totals after the addition.
   * @throws {@link AdditionForgottenError}
   */
  addUsage(command: AddUsageCommand): Promise<UsageTotals>;

  /** Reads an owner's totals of a UTC day and its month. */
  readTotals(userId: string, day: string): Promise<UsageTotals>;

  /**
   * Finds the requests per key name and day, unordered, and the last uses of secrets. The result
   * includes every addition that was made before the call. Each month is read once.
   */
  readActivity(query: ActivityQuery): Promise<Activity>;
}
