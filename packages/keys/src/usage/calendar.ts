// Usage is counted by UTC day and month (contract, part C). Days are written `2025-08-31` and
// months `2025-08`, so both sort chronologically.
import { usageRetentionMonths } from '@andamio/schema/retention';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

const startOf = (day: string) => Date.parse(day) / 1000;

/** Returns the UTC day of a time in Unix milliseconds. */
export function utcDayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** Returns the UTC day for a number of days since 1970. */
export function utcDayNumbered(days: number): string {
  return utcDayOf(days * secondsPerDay * 1000);
}

/** Returns the month of a day, such as `2025-08`. */
export function monthOf(day: string): string {
  return day.slice(0, 7);
}

/** Returns when a day ends, in Unix seconds. */
export function endOfDay(day: string): number {
  return startOf(day) + secondsPerDay;
}

/**
 * Returns when the month of a day ends, in Unix seconds.
 *
 * @param monthsLater number of months to add, for the end of a later month.
 */
export function endOfMonth(day: string, monthsLater = 0): number {
  const date = new Date(day);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1 + monthsLater, 1) / 1000;
}

/**
 * Returns when the retention of a day's usage ends, in Unix seconds. It ends at the same time for
 * all days of a month and for the month's total.
 */
export function usageDayDeleteAfter(day: string): number {
  return Math.min(endOfMonth(day, usageRetentionMonths), lastTimestamp);
}

/** Returns all days from the first to the last, inclusive. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let start = startOf(first); start <= startOf(last); start += secondsPerDay)
    days.push(utcDayOf(start * 1000));
  return days;
}

/** Returns `count` consecutive days that end with the given day. */
export function daysUntil(last: string, count: number): string[] {
  return daysBetween(utcDayOf((startOf(last) - (count - 1) * secondsPerDay) * 1000), last);
}

/**
 * Returns the months from the month of `first` to the month of `last`, inclusive, without those
 * whose retention has passed.
 */
export function monthsUntil(last: string, first: string): string[] {
  const end = new Date(last);
  const months = Array.from({ length: usageRetentionMonths + 1 }, (_, ago) =>
    monthOf(utcDayOf(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - ago, 1))),
  );
  return months.filter((month) => month >= monthOf(first)).toReversed();
}
