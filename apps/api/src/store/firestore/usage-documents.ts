import {
  daysBetween,
  endOfMonth,
  monthOf,
  monthsUntil,
  utcDayOf,
} from '@andamio/keys/usage/calendar';
import {
  emptyMonth,
  erasedUpTo,
  nameField,
  type RequestsByDay,
  secretField,
  totalsOf,
  type UsageMonth,
  usageDeleteAfter,
  usageOf,
} from '@andamio/keys/usage/month';
import type { DailyUsage, UsageTotals } from '@andamio/keys/usage/store';
import { collections } from '@andamio/schema/firestore-layout';
import type {
  BulkWriter,
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  WriteBatch,
} from '@google-cloud/firestore';
import * as z from 'zod';
import { usageMonthFields } from '../usage-month.ts';
import type { Database } from './database.ts';
import { type Found, nameOf, parseDocument } from './documents.ts';

/** The owner and the month of a usage document. */
export interface MonthKey {
  readonly userId: string;
  /** A UTC month, such as `2025-08`. */
  readonly month: string;
}

/**
 * The usage document of a month. Earlier releases store only the total in it, and each day in a
 * separate document. An earlier release may run at the same time as this one, so the total always
 * includes the requests that the earlier release counted.
 */
export interface MonthDocument extends UsageMonth {
  /**
   * The totals of the day documents of earlier releases, as they were when this release last wrote
   * the month's document.
   */
  readonly older_days: RequestsByDay;
  /**
   * Additions of usage up to this number have no effect, because they may contain requests from
   * before the user's last erasure. Absent if the user was not erased.
   */
  readonly erased?: number | undefined;
  /**
   * The marks of the latest resets. A mark identifies a reset whose commit succeeded but whose
   * response was lost. Absent if the month was not reset.
   */
  readonly resets?: readonly string[] | undefined;
}

/**
 * Maximum number of marks of resets in a month's document. Operators reset usage rarely, so the
 * mark of a reset is still stored when its commit is retried.
 */
const rememberedResets = 10;

const { total, days, names, last_uses, instances, forgotten } = usageMonthFields;

/**
 * The schema of a month's document. Fields can be missing only in documents that earlier releases
 * wrote.
 */
const monthDocument = z.object({
  total,
  days: days.default({}),
  names: names.default({}),
  last_uses: last_uses.default({}),
  instances: instances.default({}),
  forgotten: forgotten.default(0),
  older_days: days.default({}),
  erased: z.number().optional(),
  resets: z.array(z.string()).optional(),
});

const lastUsesDocument = monthDocument.pick({ last_uses: true });

/**
 * The document of one day, which only earlier releases write. `requests` contains the count of each
 * key, by the {@link nameField} of the key's name.
 */
const dayDocument = z.object({ total, requests: days });

/** A date that is earlier than all usage. */
const earliestDay = '0000-01-01';

function usageDocumentOf(
  firestore: Firestore,
  userId: string,
  dayOrMonth: string,
): DocumentReference {
  return firestore.collection(collections.usage.id).doc(nameOf(userId, dayOrMonth));
}

export const monthReference = (firestore: Firestore, { userId, month }: MonthKey) =>
  usageDocumentOf(firestore, userId, month);

export const dayReference = usageDocumentOf;

const sumOf = (requests: RequestsByDay) =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);

/** Returns all days of a month. */
function daysOf(month: string): string[] {
  return daysBetween(`${month}-01`, utcDayOf((endOfMonth(`${month}-01`) - 1) * 1000));
}

/**
 * Reports whether an earlier release has added requests to the month since this release last wrote
 * the month's document.
 */
function hasUnknownDays({ total: stored, days: own, older_days: older }: MonthDocument): boolean {
  return stored !== sumOf(own) + sumOf(older);
}

/** The fields from which the totals of a day and its month are calculated. */
export const totalsFields = ['total', 'days', 'older_days'] satisfies (keyof MonthDocument)[];

/**
 * Maximum number of entries of a map for which each entry is requested separately. For more
 * entries, the whole map is read. A page of the list of keys needs fewer entries.
 */
const maximumEntries = 250;

const entriesOf = (map: 'names' | 'last_uses', entries: readonly string[]) =>
  entries.length > maximumEntries ? [map] : entries.map((entry) => `${map}.${entry}`);

/** Returns the fields with the requests of the given key names. */
export const namesFields = (names: readonly string[]) => entriesOf('names', names.map(nameField));

/** Returns the fields with the last uses of the secrets with the given serials. */
export const lastUsesFields = (serials: readonly string[]) =>
  entriesOf('last_uses', serials.map(secretField));

/**
 * Reads the given fields of an owner's month documents with one call. Returns the documents in the
 * order of the given months.
 */
export async function readMonths(
  firestore: Firestore,
  userId: string,
  months: readonly string[],
  fieldMask: string[],
): Promise<DocumentSnapshot[]> {
  if (months.length === 0 || fieldMask.length === 0) return [];
  const references = months.map((month) => monthReference(firestore, { userId, month }));
  return firestore.getAll(...references, { fieldMask });
}

/** Returns the last uses in a month's document that was read with {@link lastUsesFields}. */
export function parseLastUses(snapshot: DocumentSnapshot): Pick<UsageMonth, 'last_uses'> {
  return parseDocument(lastUsesDocument, snapshot)?.content ?? emptyMonth;
}

/** A month's usage as read from Firestore. The usage is empty if the document does not exist. */
export interface FoundMonth {
  readonly content: MonthDocument;
  readonly stored: Found<MonthDocument> | undefined;
}

function parseMonth(snapshot: DocumentSnapshot): FoundMonth {
  const stored = parseDocument(monthDocument, snapshot);
  return { content: stored?.content ?? { ...emptyMonth, older_days: {} }, stored };
}

/**
 * Parses a month's document. If an earlier release has added requests, also reads the documents of
 * the month's days.
 */
export async function completeMonth(
  firestore: Firestore,
  { userId, month }: MonthKey,
  snapshot: DocumentSnapshot,
): Promise<FoundMonth> {
  const { content, stored } = parseMonth(snapshot);
  if (!hasUnknownDays(content)) return { content, stored };
  const all = daysOf(month);
  const found = await firestore.getAll(
    ...all.map((day) => usageDocumentOf(firestore, userId, day)),
  );
  const totals = all.flatMap((day, index) => {
    const older = found[index] && parseDocument(dayDocument, found[index])?.content.total;
    return older === undefined ? [] : [[day.slice(-2), older]];
  });
  return { content: { ...content, older_days: Object.fromEntries(totals) }, stored };
}

/** Returns the totals of a day and its month, as counted by this release and earlier ones. */
export function totalsIn(month: MonthDocument, day: string): UsageTotals {
  const own = totalsOf(month, day);
  return { ...own, day: own.day + (month.older_days[day.slice(-2)] ?? 0) };
}

/** Returns the days on which an earlier release counted requests. */
export function olderDaysOf({ month }: MonthKey, { older_days: older }: MonthDocument): string[] {
  return Object.keys(older).map((day) => `${month}-${day}`);
}

/**
 * Returns the fields of a month's document that a reset changes.
 *
 * @param mark the mark by which a later read recognizes that the reset was committed.
 */
export function resetFields(
  { resets: earlier = [] }: MonthDocument,
  { total, days, names }: UsageMonth,
  mark: string,
): Pick<MonthDocument, 'total' | 'days' | 'names' | 'older_days' | 'resets'> {
  const resets = [mark, ...earlier].slice(0, rememberedResets);
  return { total, days, names, older_days: {}, resets };
}

/**
 * Parses the month documents of a query. Returns their contents by month, and a function that
 * reports whether an earlier release may have counted requests on a day.
 */
export function parseMonths(snapshots: readonly DocumentSnapshot[], months: readonly string[]) {
  const contents = new Map(
    snapshots.map((snapshot, index) => [months[index], parseMonth(snapshot).content]),
  );
  return {
    contents,
    mayBeOlder(day: string): boolean {
      const content = contents.get(monthOf(day));
      if (content === undefined) return false;
      return hasUnknownDays(content) || day.slice(-2) in content.older_days;
    },
  };
}

/**
 * Returns the requests by key name on a day, including those that an earlier release counted in the
 * day's document.
 */
export function usageIn(
  month: MonthDocument,
  day: string,
  wanted: readonly string[],
  olderDay: DocumentSnapshot | undefined,
): DailyUsage[] {
  const older = olderDay && parseDocument(dayDocument, olderDay)?.content.requests;
  const own = usageOf(month, day, wanted);
  if (older === undefined) return own;
  const counts = new Map(own.map(({ name, requests }) => [name, requests]));
  return wanted.flatMap((name) => {
    const requests = (counts.get(name) ?? 0) + (older[nameField(name)] ?? 0);
    return requests === 0 ? [] : [{ day, name, requests }];
  });
}

/**
 * Returns the fields of `after` that differ from `before`, by path. A map that has lost a field is
 * replaced as a whole. Field names of a month need no quoting in a path.
 */
function changesBetween(before: object, after: object, parent = ''): Record<string, unknown> {
  const stored = new Map(Object.entries(before));
  const changes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    const [old, path] = [stored.get(name) ?? {}, `${parent}${name}`];
    if (value === old) continue;
    const isMap = typeof value === 'object';
    if (isMap && Object.keys(old).every((inner) => inner in value))
      Object.assign(changes, changesBetween(old, value, `${path}.`));
    else changes[path] = value;
  }
  return changes;
}

/**
 * Replaces a user's month documents with empty ones, which refuse additions from before the
 * erasure. Otherwise, an idle instance or Redis could later store usage that it counted earlier.
 *
 * An empty document contains the user id only in the hash that is its name. Every addition reads
 * the document anyway, so the refusal costs nothing. An addition that is under way fails, because
 * the document has changed.
 *
 * @param now the time of the erasure, in Unix seconds.
 */
export function eraseMonths(
  { firestore, write }: Database,
  writes: WriteBatch,
  userId: string,
  now: number,
): void {
  const today = utcDayOf(now * 1000);
  // A request that is under way may be counted in the next month, so that month is included.
  const next = monthOf(utcDayOf(endOfMonth(today) * 1000));
  for (const month of [...monthsUntil(today, earliestDay), next]) {
    const remove_at = usageDeleteAfter(userId, `${month}-01`);
    const content = { month, ...emptyMonth, older_days: {}, erased: erasedUpTo(now), remove_at };
    writes.set(monthReference(firestore, { userId, month }), write.usage(content));
  }
}

/**
 * Adds a write of a month's usage document to a writer. An update sends only the changed fields,
 * because a month may have tens of thousands of fields. The write fails if the document has changed
 * since it was read.
 */
export function writeMonth(
  { firestore, write }: Database,
  writer: BulkWriter,
  { userId, month }: MonthKey,
  { stored }: FoundMonth,
  after: MonthDocument,
): Promise<unknown> {
  const reference = monthReference(firestore, { userId, month });
  if (stored !== undefined) {
    const changes = changesBetween(stored.content, after);
    // The document that an erasure leaves does not contain the user id.
    const owner = after.erased === undefined ? {} : { user_id: userId };
    return writer.update(
      reference,
      { ...owner, ...changes },
      {
        lastUpdateTime: stored.updateTime,
      },
    );
  }
  const deleteAfter = usageDeleteAfter(userId, `${month}-01`);
  const fields = { user_id: userId, month, ...after, remove_at: deleteAfter };
  return writer.create(reference, write.usage(fields));
}
