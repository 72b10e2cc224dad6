import { randomUUID } from 'node:crypto';
import { decideUsageReset } from '@andamio/keys/administration';
import type { OwnerCommand } from '@andamio/keys/model';
import { monthOf, utcDayOf } from '@andamio/keys/usage/calendar';
import { lastUsesIn } from '@andamio/keys/usage/month';
import type { Activity, ActivityQuery, UsageTotals } from '@andamio/keys/usage/store';
import type { DocumentSnapshot } from '@google-cloud/firestore';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import type { Database } from './database.ts';
import {
  completeMonth,
  dayReference,
  type FoundMonth,
  lastUsesFields,
  monthReference,
  namesFields,
  olderDaysOf,
  parseLastUses,
  parseMonths,
  readMonths,
  resetFields,
  totalsFields,
  totalsIn,
  usageIn,
} from './usage-documents.ts';

/** Reads an owner's totals for a day and its month. */
export async function readTotals(
  { firestore }: Database,
  userId: string,
  day: string,
): Promise<UsageTotals> {
  const key = { userId, month: monthOf(day) };
  const found = await readMonths(firestore, userId, [key.month], totalsFields);
  const [snapshot] = found as [DocumentSnapshot];
  return totalsIn((await completeMonth(firestore, key, snapshot)).content, day);
}

/**
 * Finds the requests per key and day, and the last uses of secrets. A month's document may be a
 * megabyte in size, so only the fields of the requested names and secrets are read.
 *
 * Two calls run at the same time. One reads the months that contain the requested days, the other
 * reads the remaining months, which are needed only for last uses. A third call reads the documents
 * of the days on which an earlier release may have counted requests.
 */
export async function readActivity(
  { firestore }: Database,
  { userId, days, names, months, serials }: ActivityQuery,
): Promise<Activity> {
  const ofDays = [...new Set(days.map(monthOf))];
  const others = months.filter((month) => !ofDays.includes(month));
  const uses = lastUsesFields(serials);
  const [snapshots, otherSnapshots] = await Promise.all([
    readMonths(firestore, userId, ofDays, [...totalsFields, ...namesFields(names), ...uses]),
    readMonths(firestore, userId, others, uses),
  ]);
  const { contents, mayBeOlder } = parseMonths(snapshots, ofDays);
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
  const used = months.flatMap((month) => contents.get(month) ?? []);
  return { usage, lastUses: lastUsesIn([...used, ...otherSnapshots.map(parseLastUses)], serials) };
}

/**
 * Deletes the requests of the current month and the day documents of earlier releases. The last
 * uses of keys are kept. Returns the totals before the deletion.
 */
export function resetUsage(database: Database, command: OwnerCommand): Promise<UsageTotals> {
  const { firestore } = database;
  const { userId, now } = command;
  const today = utcDayOf(now * 1000);
  const key = { userId, month: monthOf(today) };
  const mark = randomUUID();
  let attempted: UsageTotals | undefined;
  return commitWithRetry<FoundMonth, UsageTotals>({
    read: async () => completeMonth(firestore, key, await monthReference(firestore, key).get()),
    decide({ content, stored }) {
      // The commit succeeded, but its response was lost.
      if (attempted !== undefined && content.resets?.includes(mark)) return { outcome: attempted };
      const { outcome, change } = decideUsageReset(content, totalsIn(content, today), command);
      if (stored === undefined || change === undefined) return { outcome };
      attempted = outcome;
      const { updateTime: lastUpdateTime } = stored;
      const month = monthReference(firestore, key);
      const fields = resetFields(content, change.month, mark);
      const writes = firestore.batch().update(month, fields, { lastUpdateTime });
      for (const day of olderDaysOf(key, content))
        writes.delete(dayReference(firestore, userId, day));
      audit(database, writes, change.entry);
      return { outcome, writes };
    },
  });
}
