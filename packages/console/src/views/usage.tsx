import type { Usage } from '@andamio/client';
import type { Ui } from './ui.ts';

/** Meters that show how much of the daily and the monthly quota is used. */
export function UsageMeters({
  ui: { texts, format },
  usage,
}: {
  readonly ui: Pick<Ui, 'texts' | 'format'>;
  readonly usage: Pick<
    Usage,
    'daily_quota_consumed' | 'daily_quota_limit' | 'monthly_quota_consumed' | 'monthly_quota_limit'
  >;
}) {
  const meter = (label: string, used: number, limit: number) => (
    <div>
      <dt>{label}</dt>
      <dd>
        {texts.usage(format.number(used), format.number(limit))}
        <meter
          aria-label={label}
          value={used}
          max={limit}
          high={limit * 0.8}
          low={limit * 0.8}
          optimum={0}
        />
      </dd>
    </div>
  );
  return (
    <section aria-labelledby="usage-heading">
      <h3 id="usage-heading">{texts.usageHeading}</h3>
      <dl class="usage">
        {meter(texts.today, usage.daily_quota_consumed, usage.daily_quota_limit)}
        {meter(texts.thisMonth, usage.monthly_quota_consumed, usage.monthly_quota_limit)}
      </dl>
    </section>
  );
}
