/** A command to add an owner's requests of one day to the stored usage. */
export interface AddUsageCommand {
  readonly userId: string;
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  /** The id of the addition. A repeated addition with the same id has no effect. */
  readonly attempt: string;
  /** Numbers of requests by key name. */
  readonly counts: ReadonlyMap<string, number>;
}

/** An owner's requests, as counted by all instances together. */
export interface UsageTotals {
  /** Requests on one UTC day. */
  readonly day: number;
  /** Requests in the month of that day. */
  readonly month: number;
}

/** A query for an owner's usage on these days, by keys with these names. */
export interface UsageQuery {
  readonly userId: string;
  /** UTC days, such as `2025-08-31`. */
  readonly days: readonly string[];
  readonly names: readonly string[];
}

/** The requests of the keys with one name on one day: at least one. */
export interface DailyUsage {
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  readonly name: string;
  readonly requests: number;
}

/**
 * Maximum number of key names that are counted separately per owner and day. An owner may delete
 * and issue keys all day, so the maximum bounds what is stored. Requests of further names count
 * only in the totals.
 */
export const maximumNamesPerDay = 2_000;

/**
 * A database of usage. Usage belongs to the owner and outlives keys. Calls have the same deadline
 * and errors as those of the key store.
 */
export interface UsageStore {
  /**
   * Adds requests to an owner's totals of a day and its month. The addition is atomic and exact
   * under concurrency. Repeating an attempt has no effect, as long as fewer than 100 other attempts
   * for the same owner and day came in between.
   *
   * @returns the totals after the addition. Without counts, the totals are only read.
   */
  addUsage(command: AddUsageCommand): Promise<UsageTotals>;

  /**
   * Finds the requests per key name and day, unordered. The result includes every addition that was
   * made before the call.
   */
  readUsage(query: UsageQuery): Promise<readonly DailyUsage[]>;
}
