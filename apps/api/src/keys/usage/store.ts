/** What the keys of an owner were used for on one day. */
export interface AddUsageCommand {
  readonly userId: string;
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  /** Names the addition: asked for again, it is not made again. */
  readonly attempt: string;
  /** Requests by the name of the key. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Requests of an owner, counted by all instances together. */
export interface UsageTotals {
  /** On one UTC day. */
  readonly day: number;
  /** In the month of that day. */
  readonly month: number;
}

/** Whose usage is asked for: only of these days and of keys of these names. */
export interface UsageQuery {
  readonly userId: string;
  /** UTC days, such as `2025-08-31`. */
  readonly days: readonly string[];
  readonly names: readonly string[];
}

/** How often keys of one name were used on one day: at least once. */
export interface DailyUsage {
  /** UTC day, such as `2025-08-31`. */
  readonly day: string;
  readonly name: string;
  readonly requests: number;
}

/**
 * How many names of an owner are counted apart on one day. What is stored of a day is bounded, while an owner may delete keys and issue
 * others all day long: requests of further names count in the totals alone.
 */
export const maximumNamesPerDay = 2_000;

/**
 * Where usage is kept. It belongs to the owner and outlives keys. Calls end as those of the key store do, and in the same
 * errors.
 */
export interface UsageStore {
  /**
   * Adds requests to an owner's day and its month, all or nothing, and exactly however many processes add at once. An attempt
   * is added once although it is asked for again, as long as no hundred others of the same owner and day came in between.
   *
   * @returns the totals after the addition. Without counts they are only read.
   */
  addUsage(command: AddUsageCommand): Promise<UsageTotals>;

  /** Finds how often keys were used, in no order. Whatever was added before the call is in it. */
  readUsage(query: UsageQuery): Promise<readonly DailyUsage[]>;
}
