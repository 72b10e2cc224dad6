import type { Ui } from './ui.ts';

/** A time, shown both relative to now and as a date. */
export function Time({
  value,
  now,
  ui: { format },
}: {
  readonly value: string;
  readonly now: number;
  readonly ui: Pick<Ui, 'format'>;
}) {
  return (
    <time dateTime={value}>
      {format.relative(value, now)} <small>{format.time(value)}</small>
    </time>
  );
}
