import type { InspectedKey } from './administration.ts';
import { daysUntil, monthsUntil, utcDayOf } from './usage/calendar.ts';
import type { UsageStore } from './usage/store.ts';

/** The use of an owner's keys, as operators see it. */
export interface KeyUse {
  /** Returns the minute of the last known request with a secret, in Unix seconds. */
  lastUsedAt(key: InspectedKey): number | undefined;
  /** Reports whether keys of a name were used on one of the days that were read. */
  wasUsed(name: string): boolean;
}

/**
 * Reads the use of an owner's keys: the last use of each secret, and whether keys of a name were used
 * in the last days. Requests that earlier releases counted have a day, but no last use.
 *
 * @param now Unix milliseconds.
 * @param days number of UTC days before today that are read, in addition to today.
 */
export async function readKeyUse(
  store: Pick<UsageStore, 'readActivity'>,
  userId: string,
  keys: readonly InspectedKey[],
  { now, days }: { readonly now: number; readonly days: number },
): Promise<KeyUse> {
  const today = utcDayOf(now);
  const oldest = Math.min(now / 1000, ...keys.map(({ createdAt }) => createdAt));
  const { usage, lastUses } = await store.readActivity({
    userId,
    days: daysUntil(today, days + 1),
    names: [...new Set(keys.map(({ name }) => name))],
    months: monthsUntil(today, utcDayOf(oldest * 1000)),
    serials: keys.map(({ serial }) => serial),
  });
  const used = new Set(usage.map(({ name }) => name));
  return {
    lastUsedAt({ serial }) {
      const minute = lastUses.get(serial);
      return minute === undefined ? undefined : minute * 60;
    },
    wasUsed: (name) => used.has(name),
  };
}
