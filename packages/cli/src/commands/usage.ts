import type { DailyUsage, Usage } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import { type Context, defineCommand, type Report } from '../command.ts';
import { integerOf } from '../options.ts';

function totals(usage: Usage): Report {
  const rows = table([
    ['', 'USED', 'LIMIT', 'REMAINING'],
    [
      'Today',
      `${usage.daily_quota_consumed}`,
      `${usage.daily_quota_limit}`,
      `${usage.remaining_daily}`,
    ],
    [
      'This month',
      `${usage.monthly_quota_consumed}`,
      `${usage.monthly_quota_limit}`,
      `${usage.remaining_monthly}`,
    ],
  ]);
  const windows = usage.rate_limit_windows.join(', ');
  return {
    json: usage,
    text: [...rows, printable(`Tier ${usage.subscription_tier}, at most ${windows}`)],
  };
}

const dayMs = 86_400_000;
const utcDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/**
 * Reads the usage of the last days. Reads it again if the answer shows that the service has another
 * day than this machine.
 */
async function readDays(context: Context, days: number): Promise<DailyUsage> {
  const { client, now } = context;
  const today = now();
  const daily = await client.getDailyUsage({
    start_date: utcDay(today - (days - 1) * dayMs),
    end_date: utcDay(today),
  });
  return utcDay(today) === utcDay(now()) ? daily : readDays(context, days);
}

export const usage = defineCommand({
  summary: 'Shows how many requests your keys had, against your quotas. Days are UTC.',
  credential: 'token',
  options: {
    days: {
      type: 'string',
      value: 'N',
      help: 'Show the requests of each day and key, for the last N days (1 to 366).',
    },
  },
  plan({ values }) {
    const days = integerOf('days', values.days, [1, 366]);
    return async (context) => {
      if (days === undefined) return totals(await context.client.getUsage());
      const daily = await readDays(context, days);
      const rows = daily.usage.map((row) => [row.date, row.api_key_name, `${row.requests}`]);
      return {
        json: daily,
        text: rows.length === 0 ? [] : table([['DAY', 'NAME', 'REQUESTS'], ...rows]),
        notes: rows.length === 0 ? ['Your keys had no requests on these days.'] : [],
      };
    };
  },
});
