import type { OwnerCommand } from '@andamio/keys/model';
import { monthOf, utcDayOf } from '@andamio/keys/usage/calendar';
import { lastUsesIn } from '@andamio/keys/usage/month';
import type {
  Activity,
  ActivityQuery,
  DailyUsage,
  UsageQuery,
  UsageTotals,
} from '@andamio/keys/usage/store';
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
  resetFields,
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

/** Finds the requests per key and day. */
export async function readUsage(database: Database, query: UsageQuery): Promise<DailyUsage[]> {
  return (await readActivity(database, { ...query, months: [], serials: [] })).usage;
}

/**
 * Finds the requests per key and day, and the last uses of secrets. One call reads all months, and
 * another reads the days on which an earlier release may have counted requests.
 */
export async function readActivity(
  { firestore }: Database,
  { userId, days, names, months, serials }: ActivityQuery,
): Promise<{ readonly usage: DailyUsage[] } & Activity> {
  const keys = [...new Set([...days.map(monthOf), ...months])];
  if (keys.length === 0) return { usage: [], lastUses: new Map() };
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
  const usage = days.flatMap((day) => {
    const content = contents.get(monthOf(day));
    return content === undefined ? [] : usageIn(content, day, names, documents.get(day));
  });
  const wanted = months.flatMap((month) => contents.get(month) ?? []);
  return { usage, lastUses: lastUsesIn(wanted, serials) };
}

/**
 * Deletes the requests of the current month and the day documents of earlier releases. The last
 * uses of keys are kept. Returns the totals before the deletion.
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
      // If the response to the commit was lost, the next read finds no requests. The totals of the
      // first read are therefore kept.
      before ??= totalsIn(content, today);
      if (stored === undefined || content.total === 0) return { outcome: before };
      const { updateTime: lastUpdateTime } = stored;
      const month = monthReference(firestore, key);
      const writes = firestore.batch().update(month, resetFields(content), { lastUpdateTime });
      for (const day of olderDaysOf(key, content))
        writes.delete(dayReference(firestore, userId, day));
      audit(database, writes, { at: now, actor: by, action: 'user.usage_reset', userId, reason });
      return { outcome: before, writes };
    },
  });
}
