import type { DatabaseSync } from 'node:sqlite';
import { endOfDay, monthOf, usageRemovalOf } from '@andamio/keys/usage/calendar';
import {
  type AddUsageCommand,
  type DailyUsage,
  maximumNamesPerDay,
  type UsageQuery,
  type UsageTotals,
} from '@andamio/keys/usage/store';
import { secondsPerDay } from '@andamio/schema/timestamps';
import * as z from 'zod';
import { prepare } from './statement.ts';

/**
 * The name under which requests of further key names are counted together. No key has this name.
 */
const furtherNames = '';

const totalsRow = z.object({ day: z.number(), month: z.number() });
const dailyRow = z.object({ day: z.string(), name: z.string(), requests: z.number() });

/** Prepares the statements for the tables of usage and of additions. */
export function usageTable(database: DatabaseSync) {
  const insertAttempt = prepare(
    database,
    `
    INSERT OR IGNORE INTO usage_attempts (attempt, remove_at) VALUES (:attempt, :deleteAfter)`,
  );
  const countNames = prepare(
    database,
    `
    SELECT count(*) AS names FROM usage WHERE user_id = :userId AND day = :day`,
  );
  const increase = prepare(
    database,
    `
    UPDATE usage SET requests = requests + :requests WHERE user_id = :userId AND day = :day AND name = :name`,
  );
  const insert = prepare(
    database,
    `
    INSERT INTO usage (user_id, day, name, requests, remove_at)
    VALUES (:userId, :day, :name, :requests, :deleteAfter)
    ON CONFLICT (user_id, day, name) DO UPDATE SET requests = requests + excluded.requests`,
  );
  const totals = prepare(
    database,
    `
    SELECT coalesce(sum(requests) FILTER (WHERE day = :day), 0) AS day, coalesce(sum(requests), 0) AS month
    FROM usage WHERE user_id = :userId AND day BETWEEN :month || '-01' AND :month || '-31'`,
  );
  const removeMonth = prepare(
    database,
    `
    DELETE FROM usage WHERE user_id = :userId AND day BETWEEN :month || '-01' AND :month || '-31'`,
  );
  const read = prepare(
    database,
    `
    SELECT day, name, requests FROM usage
    WHERE user_id = :userId
      AND day IN (SELECT value FROM json_each(:days)) AND name IN (SELECT value FROM json_each(:names))`,
  );
  const sweeps = ['usage', 'usage_attempts'].map((table) =>
    prepare(database, `DELETE FROM ${table} WHERE remove_at <= :now`),
  );

  /** Records an addition. Returns false if it was recorded before. */
  function isNew({ attempt, day }: AddUsageCommand): boolean {
    return insertAttempt.run({ attempt, deleteAfter: endOfDay(day) + secondsPerDay }).changes === 1;
  }

  function totalsOf(userId: string, day: string): UsageTotals {
    return totalsRow.parse(totals.get({ userId, day, month: monthOf(day) }));
  }

  return {
    totalsOf,

    /** Adds requests to a day, unless the same addition was made before. Returns the totals. */
    add(command: AddUsageCommand): UsageTotals {
      const { userId, day, counts } = command;
      if (counts.size > 0 && isNew(command)) {
        let names = Number(countNames.get({ userId, day })?.['names']);
        for (const [name, requests] of counts) {
          if (increase.run({ requests, userId, day, name }).changes === 1) continue;
          const counted = names < maximumNamesPerDay ? name : furtherNames;
          insert.run({ userId, day, name: counted, requests, deleteAfter: usageRemovalOf(day) });
          names++;
        }
      }
      return totalsOf(userId, day);
    },

    /** Deletes the usage of the month of a day. Returns whether there was any. */
    removeMonthOf: (userId: string, day: string) =>
      removeMonth.run({ userId, month: monthOf(day) }).changes > 0,

    read({ userId, days, names }: UsageQuery): DailyUsage[] {
      const rows = read.all({ userId, days: JSON.stringify(days), names: JSON.stringify(names) });
      return rows.map((row) => dailyRow.parse(row));
    },

    /** Deletes the rows whose retention has passed. */
    sweep(now: number) {
      for (const statement of sweeps) statement.run({ now });
    },
  };
}
