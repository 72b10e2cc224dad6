/** Functions that format values for display. All times are in UTC, like the days of the API. */
export interface Format {
  number(value: number): string;
  /** A date, such as "Nov 30, 2026". */
  date(time: number | string): string;
  /** A date and time, such as "Nov 30, 2026, 14:05 UTC". */
  time(time: number | string): string;
  /** A time relative to another, such as "3 hours ago" or "in 12 days". */
  relative(time: number | string, now: number): string;
}

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** Creates the functions that format values in a language. */
export function createFormat(locale: string): Format {
  const numbers = new Intl.NumberFormat(locale);
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  const times = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
    timeZoneName: 'short',
  });
  const relatives = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return {
    number: (value) => numbers.format(value),
    date: (time) => dates.format(new Date(time)),
    time: (time) => times.format(new Date(time)),
    relative(time, now) {
      const distance = new Date(time).getTime() - now;
      const [unit, length] =
        units.find(([, length]) => Math.abs(distance) >= length) ?? (['minute', 60_000] as const);
      return relatives.format(Math.trunc(distance / length), unit);
    },
  };
}
