// An owner's usage in one UTC month. An addition is what one instance adds to the stored usage at
// once. These pure functions contain all rules of stored usage: what an addition changes, how a
// repeated addition is recognized, and what bounds a month. Decision 35 gives the reasons.
import { createHash } from 'node:crypto';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import { usageDayDeleteAfter } from './calendar.ts';
import type { AddUsageCommand, DailyUsage, UsageTotals } from './store.ts';

/** Requests by day of the month, `01` to `31`. */
export type RequestsByDay = Readonly<Record<string, number>>;

/** An owner's usage in one UTC month, as counted by all instances. */
export interface UsageMonth {
  /** Requests in the month. */
  readonly total: number;
  readonly days: RequestsByDay;
  /**
   * Requests by {@link nameField} and day. Their sum is less than the total if {@link
   * maximumNamesPerMonth} or {@link maximumNameBytes} was reached.
   */
  readonly names: Readonly<Record<string, RequestsByDay>>;
  /** The minute of each secret's last request, by {@link secretField}, in Unix minutes. */
  readonly last_uses: Readonly<Record<string, number>>;
  /** The number of the last addition of each recent instance. */
  readonly instances: Readonly<Record<string, number>>;
  /** The highest addition number that was removed from `instances`, or 0 if none was removed. */
  readonly forgotten: number;
}

export const emptyMonth: UsageMonth = {
  total: 0,
  days: {},
  names: {},
  last_uses: {},
  instances: {},
  forgotten: 0,
};

/**
 * Maximum number of key names that are counted separately per owner and month. An owner may delete
 * and issue keys all month, so the maximum bounds what is stored. Requests of further names count
 * only in the totals.
 */
export const maximumNamesPerMonth = 5_000;

/**
 * Maximum size, in bytes, of the counts by name and day. With this maximum, a document stays below
 * Firestore's limit of 1 MiB. Requests of further names and days count only in the totals.
 */
export const maximumNameBytes = 900_000;

/**
 * Maximum number of secrets whose last use is stored per owner and month. An owner can create any
 * number of secrets by rolling keys, so the maximum bounds the stored size. The most recently used
 * secrets are kept.
 */
export const maximumLastUses = 1_500;

/**
 * Time, in microseconds, for which the last addition of an instance is remembered, so that the
 * instance can repeat it. The time exceeds all but the longest database outages.
 */
export const rememberedFor = 3_600_000_000;

/**
 * Maximum number of remembered instances. It is four times the number of instances that a Cloud Run
 * service can have, because a deployment replaces all of them.
 */
export const maximumInstances = 4_000;

// Sizes in bytes, by Google's formula (https://firebase.google.com/docs/firestore/storage-size). A
// map is "calculated the same way as document size", so it has 32 additional bytes.
const integerBytes = 8;
const mapBytes = 32;
const nameBytes = 22 + 1 + mapBytes;
const dayBytes = 2 + 1 + integerBytes;

/**
 * A cache of fields by name or serial, because daily usage looks up each name once for every day.
 */
const fields = new LRUCache<string, string>({
  max: 10_000,
  memoMethod: (text) =>
    createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url'),
});

/**
 * Returns the field for a key's name, a hash of fixed length. Firestore reserves fields that begin
 * and end with `__`. The hash is never such a field: its last character encodes two bits, so it is
 * A, Q, g or w.
 */
export function nameField(name: string): string {
  return fields.memo(name);
}

/** Returns the field for a secret with a serial, in the form of {@link nameField}. */
export function secretField(serial: string): string {
  return fields.memo(serial);
}

const dayOfMonth = (day: string) => day.slice(-2);

/**
 * Returns when a month's record is deleted, in Unix seconds. The records of different owners are
 * deleted at different times of the first day after the retention period. Deleting all at once
 * would be a burst of load.
 *
 * @param day any UTC day of the month.
 */
export function usageDeleteAfter(userId: string, day: string): number {
  const spread = createHash('sha256').update(userId).digest().readUInt32BE() % secondsPerDay;
  return Math.min(usageDayDeleteAfter(day) + spread, lastTimestamp);
}

/** Returns the totals of a day and its month. */
export function totalsOf({ total, days }: UsageMonth, day: string): UsageTotals {
  return { day: days[dayOfMonth(day)] ?? 0, month: total };
}

/** Returns the requests on a day, by key name. Names without requests are omitted. */
export function usageOf({ names: stored }: UsageMonth, day: string, names: readonly string[]) {
  return names.flatMap((name): DailyUsage[] => {
    const requests = stored[nameField(name)]?.[dayOfMonth(day)];
    return requests === undefined ? [] : [{ day, name, requests }];
  });
}

/**
 * Returns the last use of each secret in the given months, by serial, in Unix minutes. Secrets
 * without a known use are absent.
 */
export function lastUsesIn(
  months: readonly Pick<UsageMonth, 'last_uses'>[],
  serials: readonly string[],
): Map<string, number> {
  return new Map(
    serials.flatMap((serial) => {
      const field = secretField(serial);
      const uses = months.flatMap(({ last_uses: stored }) => stored[field] ?? []);
      return uses.length === 0 ? [] : [[serial, Math.max(...uses)]];
    }),
  );
}

/**
 * Returns a month without requests. The last uses of secrets are kept. The numbers of additions are
 * kept too, so that an addition from before the reset whose answer was lost is still recognized
 * when it is repeated.
 */
export function afterReset({ last_uses, instances, forgotten }: UsageMonth): UsageMonth {
  return { ...emptyMonth, last_uses, instances, forgotten };
}

/**
 * The state of an addition to the stored usage of a month: not made yet (`new`), already made
 * (`made`), or unknown (`forgotten`), because the number that would tell was removed.
 */
export type AdditionState = 'new' | 'made' | 'forgotten';

/**
 * Returns whether a month contains an addition. An instance makes an owner's additions in the order
 * of their numbers. An addition was therefore made if its instance's last number is the same or
 * greater.
 *
 * If the instance has no last number, the number may have been removed. Every removed number is at
 * most `forgotten`, so a repeated addition with a greater number was not made. Whether one with a
 * smaller number was made is unknown.
 *
 * An addition that an erasure covers is treated as made, so that no instance sends it again.
 *
 * @param erased the number up to which additions are covered by the user's last erasure, if any.
 */
export function stateOf(
  { instances, forgotten }: UsageMonth,
  { instance, number, isRepeated }: AddUsageCommand,
  erased = 0,
): AdditionState {
  if (number <= erased) return 'made';
  const last = instances[instance];
  if (last !== undefined) return number <= last ? 'made' : 'new';
  return isRepeated && number <= forgotten ? 'forgotten' : 'new';
}

/**
 * Time after an erasure, in seconds. The erasure also covers additions that an instance begins
 * within this time. The time exceeds the maximum age of cached verifications, and allows for clocks
 * that differ.
 */
const erasureMargin = 300;

/**
 * Returns the number up to which an erasure covers additions. Every addition that contains requests
 * from before the erasure has this number or a smaller one.
 *
 * @param at Unix seconds.
 */
export function erasedUpTo(at: number): number {
  return (at + erasureMargin) * 1_000_000;
}

/** Returns `instances` and `forgotten` as they are after an addition. */
function remember(
  { instances: before, forgotten }: UsageMonth,
  { instance, number }: AddUsageCommand,
): Pick<UsageMonth, 'instances' | 'forgotten'> {
  const instances = { ...before, [instance]: number };
  const numbers = Object.values(instances);
  const tooMany = numbers.length - maximumInstances;
  const limit = Math.max(
    number - rememberedFor,
    (tooMany > 0 && numbers.toSorted((one, other) => one - other)[tooMany - 1]) || 0,
  );
  const dropped = numbers.filter((last) => last <= limit && last !== number);
  if (dropped.length === 0) return { instances, forgotten };
  const isKept = ([id, last]: [string, number]) => last > limit || id === instance;
  return {
    instances: Object.fromEntries(Object.entries(instances).filter(isKept)),
    forgotten: dropped.reduce((most, last) => Math.max(most, last), forgotten),
  };
}

/** Returns how many more names and bytes the month can store. */
function roomIn(names: UsageMonth['names']) {
  const stored = Object.values(names);
  const bytes = stored.reduce(
    (sum, days) => sum + nameBytes + dayBytes * Object.keys(days).length,
    0,
  );
  return { names: maximumNamesPerMonth - stored.length, bytes: maximumNameBytes - bytes };
}

function addNames(names: UsageMonth['names'], { counts, day }: AddUsageCommand) {
  const added: Record<string, RequestsByDay> = { ...names };
  const ofDay = dayOfMonth(day);
  let room: { names: number; bytes: number } | undefined;
  for (const [name, requests] of counts) {
    const field = nameField(name);
    const days = added[field];
    if (days?.[ofDay] === undefined) {
      room ??= roomIn(names);
      const [addedNames, addedBytes] =
        days === undefined ? [1, nameBytes + dayBytes] : [0, dayBytes];
      if (room.names < addedNames || room.bytes < addedBytes) continue;
      room = { names: room.names - addedNames, bytes: room.bytes - addedBytes };
    }
    added[field] = { ...days, [ofDay]: (days?.[ofDay] ?? 0) + requests };
  }
  return added;
}

/**
 * Merges the times of last use in an addition with the stored ones. A time that is older than the
 * stored one is ignored.
 */
function addLastUses(before: UsageMonth['last_uses'], { lastUses }: AddUsageCommand) {
  if (lastUses.size === 0) return before;
  const after: Record<string, number> = { ...before };
  for (const [serial, minute] of lastUses) {
    const field = secretField(serial);
    after[field] = Math.max(after[field] ?? 0, minute);
  }
  const all = Object.entries(after);
  if (all.length <= maximumLastUses) return after;
  const latestFirst = all.toSorted(([, one], [, other]) => other - one);
  return Object.fromEntries(latestFirst.slice(0, maximumLastUses));
}

/**
 * Returns a month's usage after an addition whose state is `new`. Other properties of the month
 * stay as they are.
 */
export function addToMonth<Month extends UsageMonth>(
  month: Month,
  command: AddUsageCommand,
): Month {
  const sum = [...command.counts.values()].reduce((all, requests) => all + requests, 0);
  const day = dayOfMonth(command.day);
  return {
    ...month,
    total: month.total + sum,
    days: { ...month.days, [day]: (month.days[day] ?? 0) + sum },
    names: addNames(month.names, command),
    last_uses: addLastUses(month.last_uses, command),
    ...remember(month, command),
  };
}
