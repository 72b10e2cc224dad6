import { type Tier, type TierLimits, tiers } from '@andamio/schema/tiers';
import { listKeys, noteTierClaim } from '../list.ts';
import type { Owner } from '../owner.ts';
import type { KeyDependencies } from '../store.ts';
import { daysBetween, monthOf, usageDayDeleteAfter, utcDayOf } from './calendar.ts';
import type { DailyUsage, UsageTotals } from './store.ts';

/** An owner's usage, tier, and limits. */
export interface Usage {
  readonly used: UsageTotals;
  readonly tier: Tier;
  readonly limits: TierLimits;
}

/**
 * Reads how much an owner has used today and this month, from the usage that all instances have
 * stored. Like {@link listKeys}, it also stores the token's tier claim if the token is newer than
 * the stored claim.
 *
 * @throws the same errors as `KeyStore.readTotals`, `KeyStore.readTierClaim` and
 * `KeyStore.transact`.
 */
export async function readUsage(dependencies: KeyDependencies, owner: Owner): Promise<Usage> {
  const { store, now } = dependencies;
  const { userId } = owner;
  const [used, stored] = await Promise.all([
    store.readTotals(userId, utcDayOf(now())),
    store.readTierClaim(userId),
  ]);
  const tier = await noteTierClaim(store, owner, stored, Math.floor(now() / 1000));
  return { used, tier, limits: tiers[tier] };
}

/**
 * The input of a request for daily usage. Both UTC days are inclusive. If no names are given, all
 * keys of the owner are included.
 */
export interface DailyUsageInput {
  readonly firstDay: string;
  readonly lastDay: string;
  readonly names: readonly string[] | undefined;
}

/** Orders usage by day, then by name. */
function inOrder(one: DailyUsage, other: DailyUsage): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

/** Maximum number of rows of daily usage that are read and returned at once. */
export const maximumRowsAtOnce = 10_000;

/** The requests per key name and day, sorted by day, then by name. */
export interface DailyUsageRows {
  /** All rows, or the rows of the first day with use if there may be many. */
  readonly first: readonly DailyUsage[];
  /**
   * The rows of the following days with use, one day after the other. Iterating reads one month at
   * a time. Undefined if `first` contains all rows.
   */
  readonly rest: AsyncIterable<readonly DailyUsage[]> | undefined;
}

/**
 * Reads the number of requests per key and day. Includes only keys that the owner still has, and
 * only days on which they were used.
 *
 * If there may be more than {@link maximumRowsAtOnce} rows, they are returned in parts, so that
 * neither memory nor the time without a turn of the event loop grows with the number of days.
 *
 * @throws the same errors as `KeyStore.readActivity` and {@link listKeys}. Iterating over the rest
 *   throws those of `KeyStore.readActivity`.
 */
export async function readDailyUsage(
  dependencies: KeyDependencies,
  owner: Owner,
  { firstDay, lastDay, names }: DailyUsageInput,
): Promise<DailyUsageRows> {
  const { store, now } = dependencies;
  const { active, expired } = await listKeys(dependencies, owner);
  const wanted = names && new Set(names);
  const held = [...active, ...expired]
    .map(({ name }) => name)
    .filter((name) => wanted?.has(name) !== false);
  const isKept = (day: string) => day <= utcDayOf(now()) && usageDayDeleteAfter(day) > now() / 1000;
  const days = daysBetween(firstDay, lastDay).filter(isKept);
  if (held.length === 0 || days.length === 0) return { first: [], rest: undefined };

  const { userId } = owner;
  const read = async (ofDays: readonly string[]) => {
    const query = { userId, days: ofDays, names: held, months: [], serials: [] };
    return (await store.readActivity(query)).usage;
  };
  if (held.length * days.length <= maximumRowsAtOnce)
    return { first: (await read(days)).toSorted(inOrder), rest: undefined };

  async function* rowsOfDays(): AsyncGenerator<readonly DailyUsage[], void> {
    for (const ofMonth of Map.groupBy(days, monthOf).values()) {
      const rows = Map.groupBy(await read(ofMonth), ({ day }) => day);
      for (const day of ofMonth) {
        const ofDay = rows.get(day);
        if (ofDay !== undefined) yield ofDay.toSorted(inOrder);
      }
    }
  }
  const rest = rowsOfDays();
  const { value: first } = await rest.next();
  return first === undefined ? { first: [], rest: undefined } : { first, rest };
}
