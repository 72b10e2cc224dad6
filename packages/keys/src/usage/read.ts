import { type Tier, type TierLimits, tiers } from '@andamio/schema/tiers';
import { listKeys, noteTierClaim } from '../list.ts';
import type { Owner } from '../owner.ts';
import type { KeyDependencies } from '../store.ts';
import { daysBetween, usageDayDeleteAfter, utcDayOf } from './calendar.ts';
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

/**
 * Reads the number of requests per key and day. Includes only keys that the owner still has, and
 * only days on which they were used.
 *
 * @throws the same errors as `KeyStore.readActivity` and {@link listKeys}.
 */
export async function readDailyUsage(
  dependencies: KeyDependencies,
  owner: Owner,
  { firstDay, lastDay, names }: DailyUsageInput,
): Promise<DailyUsage[]> {
  const { store, now } = dependencies;
  const { active, expired } = await listKeys(dependencies, owner);
  const wanted = names && new Set(names);
  const held = [...active, ...expired]
    .map(({ name }) => name)
    .filter((name) => wanted?.has(name) !== false);
  const isKept = (day: string) => day <= utcDayOf(now()) && usageDayDeleteAfter(day) > now() / 1000;
  const days = daysBetween(firstDay, lastDay).filter(isKept);
  if (held.length === 0 || days.length === 0) return [];
  const { userId } = owner;
  const query = { userId, days, names: held, months: [], serials: [] };
  return (await store.readActivity(query)).usage.toSorted(inOrder);
}
