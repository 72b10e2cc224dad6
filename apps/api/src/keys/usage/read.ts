import { type Tier, type TierLimits, tiers } from '@andamio/schema/tiers';
import type { KeyDependencies } from '../dependencies.ts';
import { listKeys } from '../list.ts';
import type { Owner } from '../owner.ts';
import { daysBetween, usageRemovalOf, utcDayOf } from './calendar.ts';
import type { DailyUsage, UsageTotals } from './store.ts';

/** What an owner used of what it may use. */
export interface Usage {
  readonly used: UsageTotals;
  readonly tier: Tier;
  readonly limits: TierLimits;
}

/**
 * Reads how much of today and of this month an owner has used, as far as all instances have stored it. The tier of the token is the
 * one that keys are held to from then on, like that of every list of keys.
 *
 * @throws what `KeyStore.addUsage` and {@link listKeys} throw.
 */
export async function readUsage(dependencies: KeyDependencies, owner: Owner): Promise<Usage> {
  const { store, now } = dependencies;
  const [used, { tier }] = await Promise.all([
    store.addUsage({ userId: owner.userId, day: utcDayOf(now()), attempt: '', counts: new Map() }),
    listKeys(dependencies, owner),
  ]);
  return { used, tier, limits: tiers[tier] };
}

/** UTC days, both included, and names of keys; all that the owner holds where none are given. */
export interface DailyUsageInput {
  readonly firstDay: string;
  readonly lastDay: string;
  readonly names: readonly string[] | undefined;
}

/** By day, then by name. */
function inOrder(one: DailyUsage, other: DailyUsage): number {
  if (one.day !== other.day) return one.day < other.day ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

/**
 * Reads how often an owner's keys were used on each day: of the names that it holds, and of days on which they were used.
 *
 * @throws what `KeyStore.readUsage` and {@link listKeys} throw.
 */
export async function readDailyUsage(
  dependencies: KeyDependencies,
  owner: Owner,
  { firstDay, lastDay, names }: DailyUsageInput,
): Promise<DailyUsage[]> {
  const { store, now } = dependencies;
  const { active, expired } = await listKeys(dependencies, owner);
  const wanted = names && new Set(names);
  const held = [...active, ...expired].map(({ name }) => name).filter((name) => wanted?.has(name) !== false);
  const isKept = (day: string) => day <= utcDayOf(now()) && usageRemovalOf(day) > now() / 1000;
  const days = daysBetween(firstDay, lastDay).filter(isKept);
  if (held.length === 0 || days.length === 0) return [];
  const rows = await store.readUsage({ userId: owner.userId, days, names: held });
  return rows.toSorted(inOrder);
}
