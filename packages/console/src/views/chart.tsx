import { last30Days } from '../account/account.ts';
import type { Ui } from './ui.ts';

const height = 24;
const barWidth = 4;

/** A bar chart of the requests on each of the last 30 days. */
export function Chart({
  ui: { texts, format, account },
  requests,
}: {
  readonly ui: Ui;
  readonly requests: ReadonlyMap<string, number>;
}) {
  const days = last30Days(account.now());
  const counts = days.map((day) => requests.get(day) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...counts);
  const label =
    total === 0
      ? texts.noRequests
      : texts.chart(
          format.number(total),
          format.number(most),
          format.date(days[counts.indexOf(most)] as string),
          total === 1,
        );
  const bars = counts
    .map((count, index) => {
      // Even the bar of a day with a single request is high enough to be seen.
      const size = count === 0 ? 1 : Math.max(3, Math.round((count / most) * height));
      return `M${index * barWidth} ${height}v-${size}h${barWidth - 1}v${size}z`;
    })
    .join('');
  return (
    <svg
      class="chart"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${30 * barWidth} ${height}`}
      preserveAspectRatio="none"
    >
      <title>{label}</title>
      <path d={bars} />
    </svg>
  );
}
