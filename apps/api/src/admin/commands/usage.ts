import { utcDayOf } from '@andamio/keys/usage/calendar';
import { printable } from '@andamio/schema/printable';
import { table } from '@andamio/schema/terminal-text';
import { tiers } from '@andamio/schema/tiers';
import { type Context, defineCommand, type Report } from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { findOwner } from './owner.ts';

async function report(context: Context, userId: string): Promise<Report> {
  const owner = await findOwner(context, userId);
  if ('done' in owner) return owner;
  const totals = await context.store.readTotals(userId, utcDayOf(context.now()));
  const { requestsPerDay, requestsPerMonth } = tiers[owner.tier];
  return {
    done: true,
    json: {
      outcome: 'found',
      user_id: userId,
      tier: owner.tier,
      day: { requests: totals.day, quota: requestsPerDay },
      month: { requests: totals.month, quota: requestsPerMonth },
    },
    text: table([
      ['', 'requests', 'quota'],
      ['today', String(totals.day), String(requestsPerDay)],
      ['this month', String(totals.month), String(requestsPerMonth)],
    ]),
  };
}

export const usage = defineCommand({
  usage: `--user ID [--reset ${confirmationUsage} ${changeUsage}]`,
  summary:
    "Shows a user's requests in the current UTC day and month, or resets those counts to zero.",
  options: {
    user: { type: 'string' },
    reset: { type: 'boolean' },
    ...confirmationOptions,
    ...changeOptions,
  },
  printsSecret: false,
  plan(values, environment) {
    const userId = userOf(values);
    if (!values.reset) return (context) => report(context, userId);
    const author = authorOf(values, environment);
    return {
      needsConfirmation: true,
      async preview(context) {
        const { done, json, text } = await report(context, userId);
        if (!done) return { done, json, text };
        const { outcome: _, ...counts } = json;
        return {
          json: counts,
          text: [
            ...text,
            `${printable(userId)} will have full quotas. The daily usage of this month will be deleted.`,
          ],
        };
      },
      async execute({ store, now }) {
        const before = await store.resetUsage({ userId, ...author, now: Math.floor(now() / 1000) });
        return {
          done: true,
          json: {
            outcome: 'reset',
            user_id: userId,
            day_before: before.day,
            month_before: before.month,
          },
          text: [
            `The usage of ${printable(userId)} is reset. It was ${before.day} today and ${before.month} this month.`,
            'Running instances add their unreported usage, and apply the reset within 5 seconds.',
          ],
        };
      },
    };
  },
});
