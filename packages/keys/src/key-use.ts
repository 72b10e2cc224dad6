import type { KeyRecord } from './model.ts';
import { daysUntil, monthsUntil, utcDayOf } from './usage/calendar.ts';
import type { UsageStore } from './usage/store.ts';

/** When and how often an owner's keys were used. */
export interface KeyUse {
  /**
   * Returns the time of the last known request with a secret, in Unix seconds, rounded down to the
   * minute.
   */
  lastUsedAt(secret: Pick<KeyRecord, 'serial'>): number | undefined;
  /** Returns the number of requests with keys of this name on the days that were read. */
  requestsOf(name: string): number;
}

/**
 * Reads the last use of each of an owner's secrets, and the requests with their names in the last
 * days. Earlier releases stored only the day of a request, so their requests do not count as a last
 * use.
 *
 * @param now Unix milliseconds.
 * @param days number of UTC days whose requests are read, including today.
 */
export async function readKeyUse(
  store: Pick<UsageStore, 'readActivity'>,
  userId: string,
  secrets: readonly Pick<KeyRecord, 'name' | 'serial' | 'createdAt'>[],
  { now, days }: { readonly now: number; readonly days: number },
): Promise<KeyUse> {
  const today = utcDayOf(now);
  const oldest = Math.min(now / 1000, ...secrets.map(({ createdAt }) => createdAt));
  const { usage, lastUses } = await store.readActivity({
    userId,
    days: daysUntil(today, days),
    names: [...new Set(secrets.map(({ name }) => name))],
    months: monthsUntil(today, utcDayOf(oldest * 1000)),
    serials: secrets.map(({ serial }) => serial),
  });
  const requests = new Map<string, number>();
  for (const { name, requests: more } of usage)
    requests.set(name, (requests.get(name) ?? 0) + more);
  return {
    lastUsedAt({ serial }) {
      const minute = lastUses.get(serial);
      return minute === undefined ? undefined : minute * 60;
    },
    requestsOf: (name) => requests.get(name) ?? 0,
  };
}
