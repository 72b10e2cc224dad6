import { expect, test } from 'vitest';
import {
  daysBetween,
  daysUntil,
  endOfDay,
  endOfMonth,
  monthOf,
  monthsUntil,
  usageDayDeleteAfter,
  utcDayNumbered,
  utcDayOf,
} from './calendar.ts';

const seconds = (text: string) => Date.parse(text) / 1000;

test.each([
  ['2025-08-31T23:59:59.999Z', '2025-08-31'],
  ['2025-09-01T00:00:00.000Z', '2025-09-01'],
  ['2024-02-29T12:00:00+13:00', '2024-02-28'],
])('%s is in the UTC day %s', (instant, day) => {
  expect(utcDayOf(Date.parse(instant))).toBe(day);
  expect(utcDayNumbered(Math.floor(Date.parse(instant) / 86_400_000))).toBe(day);
});

test.each([
  ['2025-08-31', '2025-08', '2025-09-01T00:00:00Z', '2025-09-01T00:00:00Z', '2026-10-01T00:00:00Z'],
  ['2025-08-01', '2025-08', '2025-08-02T00:00:00Z', '2025-09-01T00:00:00Z', '2026-10-01T00:00:00Z'],
  ['2025-12-31', '2025-12', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2027-02-01T00:00:00Z'],
  ['2024-02-29', '2024-02', '2024-03-01T00:00:00Z', '2024-03-01T00:00:00Z', '2025-04-01T00:00:00Z'],
  ['9999-01-01', '9999-01', '9999-01-02T00:00:00Z', '9999-02-01T00:00:00Z', '9999-12-31T23:59:59Z'],
])(
  '%s is in the month %s; the day ends at %s, the month at %s, and its usage is kept until %s',
  (day, month, dayEnd, monthEnd, removal) => {
    expect(monthOf(day)).toBe(month);
    expect([endOfDay(day), endOfMonth(day), usageDayDeleteAfter(day)]).toEqual(
      [dayEnd, monthEnd, removal].map(seconds),
    );
  },
);

test('daysBetween returns both dates and all days between them, including leap days', () => {
  expect(daysBetween('2024-02-28', '2024-03-01')).toEqual([
    '2024-02-28',
    '2024-02-29',
    '2024-03-01',
  ]);
  expect(daysBetween('2025-12-31', '2025-12-31')).toEqual(['2025-12-31']);
  expect(daysBetween('2025-12-31', '2025-12-30')).toEqual([]);
  const year = daysBetween('2024-01-01', '2024-12-31');
  expect([year.length, new Set(year).size, year.at(-1)]).toEqual([366, 366, '2024-12-31']);
});

test('daysUntil returns as many days as given, the last day included', () => {
  expect(daysUntil('2025-03-01', 3)).toEqual(['2025-02-27', '2025-02-28', '2025-03-01']);
  expect(daysUntil('2025-03-01', 30)).toHaveLength(30);
});

test('monthsUntil returns the months of both days and between, as long as usage is kept', () => {
  expect(monthsUntil('2026-02-28', '2025-12-31')).toEqual(['2025-12', '2026-01', '2026-02']);
  expect(monthsUntil('2025-08-31', '2025-08-01')).toEqual(['2025-08']);
  const kept = monthsUntil('2026-01-15', '2001-01-01');
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([14, '2024-12', '2026-01']);
  expect(usageDayDeleteAfter(`${kept[0]}-01`)).toBeGreaterThan(seconds('2026-01-15'));
});
