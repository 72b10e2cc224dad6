// Each of these runs within a transaction that nobody else writes in.
import { secondsPerDay } from '@andamio/schema/timestamps';
import type { OwnerCommand } from '../../keys/administration.ts';
import { endOfDay, monthOf, usageRemovalOf, utcDayOf } from '../../keys/usage/calendar.ts';
import {
  type AddUsageCommand,
  type DailyUsage,
  maximumNamesPerDay,
  type UsageQuery,
  type UsageTotals,
} from '../../keys/usage/store.ts';
import { audit } from './audit.ts';
import type { Statements } from './statements.ts';

/** Stands for all names that are not counted apart; no key has it. */
const furtherNames = '';

/** Says whether this is the first time that the attempt is asked for. */
function isNew(statements: Statements, { attempt, day }: AddUsageCommand): boolean {
  return statements.insertUsageAttempt.run(attempt, endOfDay(day) + secondsPerDay).changes === 1;
}

/** Adds to a day unless the same attempt did. */
export function addUsage(statements: Statements, command: AddUsageCommand): UsageTotals {
  const { userId, day, counts } = command;
  if (counts.size > 0 && isNew(statements, command)) {
    let { names } = statements.countUsageNames.get(userId, day) as { names: number };
    for (const [name, requests] of counts) {
      if (statements.increaseUsage.run(requests, userId, day, name).changes === 1) continue;
      const place = names < maximumNamesPerDay ? name : furtherNames;
      statements.insertUsage.run(userId, day, place, requests, usageRemovalOf(day));
      names++;
    }
  }
  return totalsOf(statements, userId, day);
}

function totalsOf(statements: Statements, userId: string, day: string): UsageTotals {
  const totals = statements.usageTotals.get(userId, day, monthOf(day)) as { day: number; month: number };
  return { day: totals.day, month: totals.month };
}

/** Removes the usage of the current month. */
export function resetUsage(statements: Statements, { userId, by, reason, now }: OwnerCommand): UsageTotals {
  const day = utcDayOf(now * 1000);
  const before = totalsOf(statements, userId, day);
  const { changes } = statements.removeUsage.run(userId, monthOf(day));
  if (changes > 0) audit(statements, { at: now, actor: by, action: 'user.usage_reset', userId, reason });
  return before;
}

/** Finds how often keys were used. */
export function readUsage(statements: Statements, { userId, days, names }: UsageQuery): DailyUsage[] {
  const rows = statements.readUsage.all(userId, JSON.stringify(days), JSON.stringify(names));
  return rows.map((row) => ({ ...(row as unknown as DailyUsage) }));
}
