// Each of these runs within a transaction that nobody else writes in.
import { secondsPerDay } from '@andamio/schema/timestamps';
import { endOfDay, monthOf, usageRemovalOf } from '../../keys/usage/calendar.ts';
import {
  type AddUsageCommand,
  type DailyUsage,
  maximumNamesPerDay,
  type UsageQuery,
  type UsageTotals,
} from '../../keys/usage/store.ts';
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
  const totals = statements.usageTotals.get(userId, day, monthOf(day)) as { day: number; month: number };
  return { day: totals.day, month: totals.month };
}

/** Finds how often keys were used. */
export function readUsage(statements: Statements, { userId, days, names }: UsageQuery): DailyUsage[] {
  const rows = statements.readUsage.all(userId, JSON.stringify(days), JSON.stringify(names));
  return rows.map((row) => ({ ...(row as unknown as DailyUsage) }));
}
