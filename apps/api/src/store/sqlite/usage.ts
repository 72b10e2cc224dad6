import type { DatabaseSync } from 'node:sqlite';
import { monthOf } from '@andamio/keys/usage/calendar';
import {
  addToMonth,
  emptyMonth,
  lastUsesIn,
  stateOf,
  totalsOf,
  type UsageMonth,
  usageDeleteAfter,
  usageOf,
} from '@andamio/keys/usage/month';
import {
  type Activity,
  type ActivityQuery,
  AdditionForgottenError,
  type AddUsageCommand,
  type UsageTotals,
} from '@andamio/keys/usage/store';
import * as z from 'zod';
import { usageMonthFields } from '../usage-month.ts';
import { prepare } from './statement.ts';

/** The columns of the usage table that contain a map, stored as a JSON object. */
const maps = ['days', 'names', 'last_uses', 'instances'] as const;

const monthRow = z.object(usageMonthFields);

/** Prepares the statements for the table of usage. */
export function usageTable(database: DatabaseSync) {
  const find = prepare(database, 'SELECT * FROM usage WHERE user_id = :userId AND month = :month');
  const put = prepare(
    database,
    `
    INSERT OR REPLACE INTO usage (user_id, month, total, days, names, last_uses, instances, forgotten, remove_at)
    VALUES (:userId, :month, :total, :days, :names, :last_uses, :instances, :forgotten, :deleteAfter)`,
  );
  const sweep = prepare(database, 'DELETE FROM usage WHERE remove_at <= :now');

  function monthAt(userId: string, month: string): UsageMonth {
    const row = find.get({ userId, month });
    if (row === undefined) return emptyMonth;
    const parsed = maps.map((column) => [column, JSON.parse(row[column] as string)]);
    return monthRow.parse({ ...row, ...Object.fromEntries(parsed) });
  }

  function putMonthOf(userId: string, day: string, month: UsageMonth): void {
    const columns = Object.fromEntries(
      maps.map((column) => [column, JSON.stringify(month[column])]),
    );
    const deleteAfter = usageDeleteAfter(userId, day);
    put.run({ ...month, ...columns, userId, month: monthOf(day), deleteAfter });
  }

  function readTotals(userId: string, day: string): UsageTotals {
    return totalsOf(monthAt(userId, monthOf(day)), day);
  }

  return {
    readTotals,

    /**
     * Adds requests to an owner's stored usage, unless the same addition was made before. Returns
     * the totals.
     *
     * @param erased the number up to which additions have no effect, because they may contain
     *   requests from before the user's last erasure. Undefined if the user was not erased.
     * @throws AdditionForgottenError if the store no longer knows whether the addition was made.
     */
    add(command: AddUsageCommand, erased: number | undefined): UsageTotals {
      const { userId, day } = command;
      const before = monthAt(userId, monthOf(day));
      const state = stateOf(before, command, erased);
      if (state === 'forgotten') throw new AdditionForgottenError();
      if (state === 'made') return totalsOf(before, day);
      const after = addToMonth(before, command);
      putMonthOf(userId, day, after);
      return totalsOf(after, day);
    },

    /**
     * Returns an owner's usage in the month that contains a day. The usage is empty if none is
     * stored.
     */
    monthOf: (userId: string, day: string) => monthAt(userId, monthOf(day)),

    /** Stores an owner's usage in the month that contains a day. */
    putMonthOf,

    readActivity({ userId, days, names, months, serials }: ActivityQuery): Activity {
      const wanted = new Set([...days.map(monthOf), ...months]);
      const contents = new Map([...wanted].map((month) => [month, monthAt(userId, month)]));
      const contentOf = (month: string) => contents.get(month) ?? emptyMonth;
      return {
        usage: days.flatMap((day) => usageOf(contentOf(monthOf(day)), day, names)),
        lastUses: lastUsesIn(months.map(contentOf), serials),
      };
    },

    /** Deletes the usage whose retention has passed. */
    sweep: (now: number) => void sweep.run({ now }),
  };
}
