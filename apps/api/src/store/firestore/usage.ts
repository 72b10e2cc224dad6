import type { OwnerCommand } from '@andamio/keys/model';
import { monthOf, utcDayOf } from '@andamio/keys/usage/calendar';
import type { DailyUsage, UsageQuery, UsageTotals } from '@andamio/keys/usage/store';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import type { Database } from './database.ts';
import {
  completeMonth,
  dayReference,
  type FoundMonth,
  type MonthKey,
  monthReference,
  olderDaysOf,
  parseMonths,
  totalsIn,
  usageIn,
} from './usage-documents.ts';

async function readMonth({ firestore }: Database, key: MonthKey): Promise<FoundMonth> {
  return completeMonth(firestore, key, await monthReference(firestore, key).get());
}

/** Reads an owner's totals of a day and its month. */
export async function readTotals(
  database: Database,
  userId: string,
  day: string,
): Promise<UsageTotals> {
  const { content } = await readMonth(database, { userId, month: monthOf(day) });
  return totalsIn(content, day);
}

/**
 * Finds the requests per key and day. One call reads all months, and another reads the days on
 * which an earlier release may have counted requests.
 */
export async function readUsage({ firestore }: Database, query: UsageQuery): Promise<DailyUsage[]> {
  const { userId, days, names } = query;
  if (days.length === 0) return [];
  const keys = [...new Set(days.map(monthOf))];
  const snapshots = await firestore.getAll(
    ...keys.map((month) => monthReference(firestore, { userId, month })),
  );
  const { contents, mayBeOlder } = parseMonths(snapshots, keys);
  const olderDays = days.filter(mayBeOlder);
  const found =
    olderDays.length === 0
      ? []
      : await firestore.getAll(...olderDays.map((day) => dayReference(firestore, userId, day)));
  const documents = new Map(found.map((snapshot, index) => [olderDays[index], snapshot]));
  return days.flatMap((day) => {
    const content = contents.get(monthOf(day));
    return content === undefined ? [] : usageIn(content, day, names, documents.get(day));
  });
}

/**
 * Deletes the documents of the current month and of the days that earlier releases counted. Returns
 * the totals before the deletion.
 */
export function resetUsage(
  database: Database,
  { userId, by, reason, now }: OwnerCommand,
): Promise<UsageTotals> {
  const { firestore } = database;
  const today = utcDayOf(now * 1000);
  const key = { userId, month: monthOf(today) };
  let before: UsageTotals | undefined;
  return commitWithRetry<FoundMonth, UsageTotals>({
    read: () => readMonth(database, key),
    decide({ content, stored }) {
      // If the response to the commit was lost, the next read finds no document. The totals of the
      // first read are therefore kept.
      before ??= totalsIn(content, today);
      if (stored === undefined) return { outcome: before };
      const { updateTime: lastUpdateTime } = stored;
      const writes = firestore.batch().delete(monthReference(firestore, key), { lastUpdateTime });
      for (const day of olderDaysOf(key, content))
        writes.delete(dayReference(firestore, userId, day));
      audit(database, writes, { at: now, actor: by, action: 'user.usage_reset', userId, reason });
      return { outcome: before, writes };
    },
  });
}
