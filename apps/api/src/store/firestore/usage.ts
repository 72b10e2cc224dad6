import { StoreUnavailableError } from '../../keys/store.ts';
import { monthOf } from '../../keys/usage/calendar.ts';
import type { AddUsageCommand, DailyUsage, UsageQuery, UsageTotals } from '../../keys/usage/store.ts';
import { settle } from './contest.ts';
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

/** What a day and its month said when they were read, at one moment. */
interface UsageView {
  readonly day: Found<DayDocument> | undefined;
  readonly month: Found<MonthDocument> | undefined;
}

/** Adds to a day and its month at once: a read, then a commit that holds while nobody else got in between. */
export function addUsage({ firestore, write }: Database, command: AddUsageCommand): Promise<UsageTotals> {
  const dayReference = usageDocumentOf(firestore, command.userId, command.day);
  const monthReference = usageDocumentOf(firestore, command.userId, monthOf(command.day));
  return settle<UsageView, UsageTotals>({
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

/** Finds how often keys were used, with one call: days are found by the names of their documents. */
export async function readUsage({ firestore }: Database, query: UsageQuery): Promise<DailyUsage[]> {
  const { userId, days, names } = query;
  if (days.length === 0) return [];
  const snapshots = await firestore
    .getAll(...days.map((day) => usageDocumentOf(firestore, userId, day)))
    .catch((cause: unknown): never => {
      throw new StoreUnavailableError('Firestore could not be read.', { cause });
    });
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
