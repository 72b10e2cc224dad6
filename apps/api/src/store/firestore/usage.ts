import type { OwnerCommand } from '@andamio/keys/model';
import { daysBetween, endOfMonth, monthOf, utcDayOf } from '@andamio/keys/usage/calendar';
import type {
  AddUsageCommand,
  DailyUsage,
  UsageQuery,
  UsageTotals,
} from '@andamio/keys/usage/store';
import type { DocumentSnapshot } from '@google-cloud/firestore';
import { audit } from './audit.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import { type Database, put } from './database.ts';
import type { Found } from './documents.ts';
import {
  afterAddition,
  type DayDocument,
  type MonthDocument,
  nameField,
  parseDay,
  parseMonth,
  usageDocumentOf,
} from './usage-documents.ts';

/** A consistent snapshot of the documents of a day and its month. */
interface UsageView {
  readonly day: Found<DayDocument> | undefined;
  readonly month: Found<MonthDocument> | undefined;
}

/**
 * Adds requests to a day and its month in one commit. The commit is repeated if another process has
 * changed either document since it was read.
 */
export function addUsage(
  { firestore, write }: Database,
  command: AddUsageCommand,
): Promise<UsageTotals> {
  const dayReference = usageDocumentOf(firestore, command.userId, command.day);
  const monthReference = usageDocumentOf(firestore, command.userId, monthOf(command.day));
  return commitWithRetry<UsageView, UsageTotals>({
    async read() {
      const [day, month] = await firestore.getAll(dayReference, monthReference);
      return { day: day && parseDay(day), month: month && parseMonth(month) };
    },
    decide({ day, month }) {
      const isMade = day?.content.attempts.includes(command.attempt) === true;
      if (isMade || command.counts.size === 0) {
        return { outcome: { day: day?.content.total ?? 0, month: month?.content.total ?? 0 } };
      }
      const after = afterAddition({ day: day?.content, month: month?.content }, command);
      const writes = firestore.batch();
      put(writes, dayReference, write.usage(after.day), day);
      put(writes, monthReference, write.usage(after.month), month);
      return { outcome: { day: after.day.total, month: after.month.total }, writes };
    },
  });
}

/**
 * Finds the requests per key and day with one call, since the name of each day's document is known.
 */
export async function readUsage({ firestore }: Database, query: UsageQuery): Promise<DailyUsage[]> {
  const { userId, days, names } = query;
  if (days.length === 0) return [];
  const snapshots = await firestore.getAll(
    ...days.map((day) => usageDocumentOf(firestore, userId, day)),
  );
  const fields = names.map((name) => ({ name, field: nameField(name) }));
  return days.flatMap((day, index) => {
    const stored = snapshots[index] && parseDay(snapshots[index])?.content.requests;
    if (stored === undefined) return [];
    return fields.flatMap(({ name, field }) => {
      const requests = stored[field];
      return requests === undefined ? [] : [{ day, name, requests }];
    });
  });
}

/** Deletes the documents of the current month and its days. Returns the totals before. */
export function resetUsage(
  database: Database,
  { userId, by, reason, now }: OwnerCommand,
): Promise<UsageTotals> {
  const { firestore } = database;
  const today = utcDayOf(now * 1000);
  const month = monthOf(today);
  const days = daysBetween(`${month}-01`, utcDayOf((endOfMonth(today) - 1) * 1000));
  const references = [month, ...days].map((each) => usageDocumentOf(firestore, userId, each));
  let before: UsageTotals | undefined;
  return commitWithRetry<readonly DocumentSnapshot[], UsageTotals>({
    read: () => firestore.getAll(...references),
    decide([monthSnapshot, ...daySnapshots]) {
      const todaysSnapshot = daySnapshots[days.indexOf(today)];
      // If the response to the commit was lost, the next read finds no documents. The totals of the
      // first read are therefore kept.
      before ??= {
        day: (todaysSnapshot && parseDay(todaysSnapshot)?.content.total) ?? 0,
        month: (monthSnapshot && parseMonth(monthSnapshot)?.content.total) ?? 0,
      };
      const stored = [monthSnapshot, ...daySnapshots].filter(
        (snapshot) => snapshot?.exists === true,
      );
      if (stored.length === 0) return { outcome: before };
      const writes = firestore.batch();
      for (const snapshot of stored as DocumentSnapshot[]) writes.delete(snapshot.ref);
      audit(database, writes, { at: now, actor: by, action: 'user.usage_reset', userId, reason });
      return { outcome: before, writes };
    },
  });
}
