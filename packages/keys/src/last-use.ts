import type { InspectedKey } from './administration.ts';
import { daysUntil, monthsUntil, utcDayOf } from './usage/calendar.ts';
import type { UsageStore } from './usage/store.ts';

/** When an owner's keys were used, for operators. */
export interface KeyUse {
  /**
   * Returns the time of the last known request with a secret, in Unix seconds, rounded down to the
   * minute.
   */
  lastUsedAt(key: InspectedKey): number | undefined;
  /** Reports whether a key with this name was used on one of the days that were read. */
  wasUsed(name: string): boolean;
}

/**
 * Reads the last use of each secret of an owner, and the names of the keys used in the last days.
 * Earlier releases stored only the day of a request, so their requests do not count as a last use.
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
