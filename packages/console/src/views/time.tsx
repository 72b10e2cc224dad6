import type { Ui } from './ui.ts';

/** A time as a relative and an absolute text. */
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
