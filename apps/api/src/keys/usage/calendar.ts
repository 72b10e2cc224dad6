// Usage is counted by UTC days and months (contract, part C). A day is written `2025-08-31`, a month `2025-08`: both sort by time.
import { usageRetentionMonths } from '@andamio/schema/firestore-layout';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';

const startOf = (day: string) => Date.parse(day) / 1000;

/** The UTC day of an instant in Unix milliseconds. */
export function utcDayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** The month that a day belongs to. */
export function monthOf(day: string): string {
  return day.slice(0, 7);
}

/** When a day is over, Unix seconds. */
export function endOfDay(day: string): number {
  return startOf(day) + secondsPerDay;
}

/** When so many months after that of a day are over, Unix seconds; without a number, its own month. */
export function endOfMonth(day: string, monthsLater = 0): number {
  const date = new Date(day);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1 + monthsLater, 1) / 1000;
}

/** From when on a day's usage may be removed, Unix seconds: for all days of a month, and for the month, the same instant. */
export function usageRemovalOf(day: string): number {
  return Math.min(endOfMonth(day, usageRetentionMonths), lastTimestamp);
}

/** All days from the first to the last, both included. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let start = startOf(first); start <= startOf(last); start += secondsPerDay) days.push(utcDayOf(start * 1000));
  return days;
}
